"""Revisions of the ledger's database, oldest first."""

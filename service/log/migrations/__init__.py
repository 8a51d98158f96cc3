"""Alembic's folder: `env` runs it on the engine it is given.

`versions` holds the steps, those of the log, of the wrapped keys and of the ledger apart.
"""

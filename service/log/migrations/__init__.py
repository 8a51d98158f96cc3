"""Alembic's folder: `env` runs it on the engine it is given.

`versions` holds the steps, those of the log and those of the wrapped keys apart.
"""

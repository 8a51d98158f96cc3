"""Alembic's folder: ``versions/log`` makes the tables of the log, ``versions/keys`` the table of wrapped keys."""

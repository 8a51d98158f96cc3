"""What the event log says when it does not write: which kind of failure, never what was in it.

A database's own error repeats statements, parameters and keys (PostgreSQL's DETAIL names the row), so none is ever
shown or chained here: these errors carry a sentence and, at most, the database's error code.
"""

from __future__ import annotations

import sqlite3

import psycopg

__all__ = ["Conflict", "KeyTaken", "LogError", "LogUnavailable", "Refused", "reason", "repeated"]


class LogError(Exception):
    """An append was not written, or the log could not be read."""


class Conflict(LogError):
    """A stream no longer stands where the append was judged, or a parent failed. Catch up and decide again."""


class KeyTaken(LogError):
    """The actor has used this idempotency key before. Look it up and answer from what was recorded."""


class Refused(LogError):
    """The database cannot hold this append (a NUL in a text, say); its neighbours are not affected. A bug upstream."""


class LogUnavailable(LogError):
    """The log cannot be written or read now; nothing may be disclosed. It recovers by itself."""


def reason(error: BaseException) -> str:
    """The kind of a database error and its code (SQLite's error name, PostgreSQL's SQLSTATE), and no more of it."""
    cause = getattr(error, "orig", None) or error
    code: str | None = None
    if isinstance(cause, sqlite3.Error):
        code = getattr(cause, "sqlite_errorname", None)
    elif isinstance(cause, psycopg.Error):
        code = cause.sqlstate
    name = type(cause).__name__
    return f"{name} {code}" if code else name


def repeated(error: BaseException) -> bool:
    """Whether the database refused a row because its key is there already (not, say, because a value is missing)."""
    if isinstance(error, sqlite3.IntegrityError):
        return error.sqlite_errorname in {"SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY"}
    return isinstance(error, psycopg.errors.UniqueViolation)

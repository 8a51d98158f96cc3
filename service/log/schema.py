"""Making the tables: Alembic to its newest revision, for the log, the wrapped keys apart from it, and the ledger."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from service.log.database import normal_url
from service.log.errors import LogUnavailable, reason
from service.log.tables import keys_metadata, ledger_metadata, log_metadata

if TYPE_CHECKING:
    from sqlalchemy import MetaData

__all__ = ["migrate", "migrate_keys", "migrate_ledger"]

HERE = Path(__file__).parent / "migrations"
MIGRATION_LOCK = 0x57_61_74_63_68_4D_69_67  # "WatchMig": two replicas that start at once migrate one after the other


def migrate(url: str) -> None:
    """Bring the log's database to the newest revision. Raises ``LogUnavailable`` where it cannot be reached."""
    _upgrade(url, "log", log_metadata)


def migrate_keys(url: str) -> None:
    """Bring the database of wrapped keys to its newest revision. Raises ``LogUnavailable`` likewise."""
    _upgrade(url, "keys", keys_metadata)


def migrate_ledger(url: str) -> None:
    """Bring the ledger's database to its newest revision. Raises ``LogUnavailable`` likewise."""
    _upgrade(url, "ledger", ledger_metadata)


def _upgrade(url: str, branch: str, metadata: MetaData) -> None:
    target = normal_url(url)
    if target.get_backend_name() == "sqlite":
        # Made before SQLite does, so that nobody but the owner reads it; its -wal and -shm files take its mode.
        try:
            os.close(os.open(str(target.database), os.O_RDWR | os.O_CREAT, 0o600))
        except OSError as error:
            msg = f"the {branch} database cannot be made or opened: see to its folder ({error.strerror})"
            raise LogUnavailable(msg) from None
    engine = create_engine(target, poolclass=NullPool, hide_parameters=True)
    try:
        _run(engine, branch, metadata)
    except SQLAlchemyError as error:
        msg = f"the {branch} database could not be migrated ({reason(error)})"
        raise LogUnavailable(msg) from None
    finally:
        engine.dispose()


def _run(engine: Engine, branch: str, metadata: MetaData) -> None:
    from alembic import command  # noqa: PLC0415 - it takes a fifth of a start, and only who makes tables needs it
    from alembic.config import Config  # noqa: PLC0415 - likewise

    config = Config()
    config.set_main_option("script_location", str(HERE).replace("%", "%%"))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", str(HERE / "versions" / branch).replace("%", "%%"))
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": MIGRATION_LOCK})
        config.attributes.update(connection=connection, metadata=metadata, version_table=f"alembic_version_{branch}")
        command.upgrade(config, "head")

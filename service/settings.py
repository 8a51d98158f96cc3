"""Settings: every environment variable, with its default. One prefix, `WATCHWORD_`.

Each may be given as a file by `..._FILE`.

docs/operations.md lists them all, and a test holds it to this file.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

LAST_PORT = 65535
PREFIX = "WATCHWORD_"

# name: (default, what it is)
VARIABLES: dict[str, tuple[str, str]] = {
    "HOME": ("var", "folder of the embedded databases, keys and outbox"),
    "HOST": ("127.0.0.1", "address to listen on"),
    "PORT": ("8080", "port to listen on; 0 takes a free one"),
    "DATABASE_URL": ("", "SQLAlchemy URL of the log; empty: SQLite under HOME"),
    "KEYS_URL": ("", "SQLAlchemy URL of the wrapped keys, a database apart from the log; empty: SQLite under HOME"),
    "MASTER_KEY": ("", "the master key, 32 bytes in base64; empty: a file under HOME, made on first start"),
    "JWKS_URL": ("", "where the keys of your token issuer are; empty: a local issuer, its key made on first start"),
    "TOKEN_ISSUER": ("watchword", "the `iss` that tokens must carry"),
    "TOKEN_AUDIENCE": ("watchword", "the `aud` that tokens must carry"),
    "OUTBOX_URL": ("", "gateway that messages to customers are posted to; empty: files under HOME"),
    "OUTBOX_SECRET": ("", "secret that signs what is posted to the gateway"),
    "PUBLIC_URL": ("", "URL that customers' links begin with; empty: the service's own"),
    "FRESH_HOURS": (
        "amadeus=24 amadeus_order=24 duffel=6 travelport=24",
        "hours that what a source says is good for, then it is withheld until refreshed; others have no limit",
    ),
    "WEBHOOK_HOSTS": ("", "hosts that webhooks may be posted to, with spaces between; empty: this machine alone"),
    "LOG_LEVEL": ("info", "debug, info, warning or error"),
}

# Read by the command line as a client, not by the service.
CLIENT_VARIABLES: dict[str, tuple[str, str]] = {
    "URL": ("http://127.0.0.1:8080", "the service the command line talks to"),
    "TOKEN": ("", "the bearer token it sends"),
}


class BadSetting(ValueError):
    """A setting that cannot be used: names the variable and what to do, never a secret's value."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """The settings as they are used. URLs may hold passwords: the repr shows none of it."""

    home: Path
    host: str
    port: int
    database_url: str
    keys_url: str
    master_key: str
    jwks_url: str
    token_issuer: str
    token_audience: str
    outbox_url: str
    outbox_secret: str
    public_url: str
    log_level: str
    fresh_seconds: Mapping[str, int] = {}
    webhook_hosts: frozenset[str] = frozenset()

    def __repr__(self) -> str:
        """Show where it lives and listens, nothing else."""
        return f"Settings(home={str(self.home)!r}, {self.host}:{self.port})"


def load(environment: Mapping[str, str]) -> Settings:
    """Read the settings.

    Raises BadSetting, also for a `WATCHWORD_` variable nobody knows: a misspelt one would do harm.
    """
    found = {name: default for name, (default, _) in VARIABLES.items()}
    for variable, value in environment.items():
        if not variable.startswith(PREFIX):
            continue
        name = variable.removeprefix(PREFIX)
        if name in VARIABLES:
            found[name] = value
        elif name.removesuffix("_FILE") in VARIABLES:
            try:
                found[name.removesuffix("_FILE")] = Path(value).read_text(encoding="utf-8").strip()
            except OSError:
                raise BadSetting(f"{variable}: the file cannot be read") from None
        elif name not in CLIENT_VARIABLES and not name.startswith("TEST_"):
            raise BadSetting(f"{variable} is not a setting; see docs/operations.md")
    home = Path(found["HOME"]).absolute()
    if not found["PORT"].isdigit() or int(found["PORT"]) > LAST_PORT:
        raise BadSetting("WATCHWORD_PORT must be a port, 0 to 65535")
    if found["LOG_LEVEL"] not in ("debug", "info", "warning", "error"):
        raise BadSetting("WATCHWORD_LOG_LEVEL must be debug, info, warning or error")
    host, port = found["HOST"], int(found["PORT"])
    return Settings(
        home=home,
        host=host,
        port=port,
        database_url=found["DATABASE_URL"] or f"sqlite:///{home / 'watchword.sqlite'}",
        keys_url=found["KEYS_URL"] or f"sqlite:///{home / 'keys' / 'keys.sqlite'}",
        master_key=found["MASTER_KEY"],
        jwks_url=found["JWKS_URL"],
        token_issuer=found["TOKEN_ISSUER"],
        token_audience=found["TOKEN_AUDIENCE"],
        outbox_url=found["OUTBOX_URL"],
        outbox_secret=found["OUTBOX_SECRET"],
        public_url=found["PUBLIC_URL"] or f"http://{host}:{port}",
        log_level=found["LOG_LEVEL"],
        fresh_seconds=_fresh(found["FRESH_HOURS"]),
        webhook_hosts=frozenset(found["WEBHOOK_HOSTS"].casefold().split()),
    )


def _fresh(text: str) -> dict[str, int]:
    """Limits of freshness by source, in seconds."""
    limits = {}
    for pair in text.split():
        source, _, hours = pair.partition("=")
        if not source or not hours.isdigit():
            raise BadSetting("WATCHWORD_FRESH_HOURS must be sources with whole hours, such as amadeus=24 duffel=6")
        limits[source] = int(hours) * 3600
    return limits

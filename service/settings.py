"""Settings: every environment variable, with its default. One prefix, `WATCHWORD_`.

Each may be given as a file by `..._FILE`.

docs/operations.md lists them all, and a test holds it to this file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

LAST_PORT = 65535
MOST_DAYS = 3_650
MOST_HOURS = 24 * 31
_ORIGIN = re.compile(r"[^\s+\x00-\x1f]{1,255}")
PREFIX = "WATCHWORD_"

# name: (default, what it is)
VARIABLES: dict[str, tuple[str, str]] = {
    "HOME": ("var", "folder of the embedded databases, keys and outbox"),
    "HOST": ("127.0.0.1", "address to listen on"),
    "PORT": ("8080", "port to listen on; 0 takes a free one"),
    "DATABASE_URL": ("", "SQLAlchemy URL of the log; empty: SQLite under HOME"),
    "KEYS_URL": ("", "SQLAlchemy URL of the wrapped keys, a database apart from the log; empty: SQLite under HOME"),
    "MASTER_KEY": ("", "the master key, 32 bytes in base64; empty: a file under HOME, made on first start"),
    "MASTER_KEY_COMMAND": ("", "a command that prints it instead, run without a shell"),
    "VAULT_URL": ("", "Vault, whose transit engine wraps the keys in the master key's place"),
    "VAULT_KEY": ("watchword", "the name of the transit key"),
    "VAULT_MOUNT": ("transit", "where the transit engine is mounted"),
    "VAULT_TOKEN": ("", "the token for Vault; as a file it is read again when it is refused"),
    "VAULT_NAMESPACE": ("", "the namespace in Vault Enterprise"),
    "VAULT_AUTHORITIES": ("", "file of the certificates that vouch for Vault; empty: the system's"),
    "KEYS_BACKUPS": ("", "folder of the backups of keys; whoever is forgotten is taken out of them too"),
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
    "SITE_ZONES": (
        "",
        "IANA time zones of sites, such as `manila=Asia/Manila omaha=America/Chicago`, for their local time",
    ),
    "LEDGER_URL": (
        "",
        "SQLAlchemy URL of the ledger's tiles; empty: SQLite under HOME, or the log's own database on PostgreSQL",
    ),
    "LEDGER_ORIGIN": ("watchword/log", "the name checkpoints are signed under, such as watchword.example/log"),
    "CHECKPOINTS": ("", "file that published checkpoints are appended to; empty: checkpoints.jsonl under HOME"),
    "PUBLIC_CHECKPOINT_HOURS": ("24", "whole hours between two public checkpoints, counted from midnight UTC"),
    "EXPORTS": ("", "folder of the evidence bundles; replicas share one; empty: exports under HOME"),
    "EXPORTS_DAYS": ("30", "whole days that a finished bundle is kept there"),
    "TSA_URL": ("", "timestamp authority (RFC 3161) that bundles are stamped by; empty: none"),
    "TSA_CA": ("", "the certificates (PEM) that its timestamps must be borne out by"),
    "WITNESSES": ("", "who cosigns public checkpoints: verifier key and URL of each, with spaces between"),
    "LOG_LEVEL": ("info", "debug, info, warning or error"),
}

# Read by the command line as a client, not by the service.
CLIENT_VARIABLES: dict[str, tuple[str, str]] = {
    "URL": ("http://127.0.0.1:8080", "the service the command line talks to"),
    "TOKEN": ("", "the bearer token it sends"),
}


class BadSetting(ValueError):
    """A setting that cannot be used: names the variable and what to do, never a secret's value."""


class MasterSource(msgspec.Struct, frozen=True, kw_only=True):
    """Where the master key comes from, see `service.sealing.source`. The repr shows none of it.

    `file` is where `text` was read from, if it was; it is read again when the key was changed meanwhile.
    """

    home: Path
    text: str = ""
    file: Path | None = None
    command: str = ""
    vault_url: str = ""
    vault_key: str = "watchword"
    vault_mount: str = "transit"
    vault_token: str = ""
    vault_token_file: Path | None = None
    vault_namespace: str = ""
    vault_authorities: str = ""

    def __repr__(self) -> str:
        """Say nothing of it."""
        return "MasterSource()"


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """The settings as they are used. URLs may hold passwords: the repr shows none of it."""

    home: Path
    host: str
    port: int
    database_url: str
    keys_url: str
    master: MasterSource
    jwks_url: str
    token_issuer: str
    token_audience: str
    outbox_url: str
    outbox_secret: str
    public_url: str
    log_level: str
    fresh_seconds: Mapping[str, int] = {}
    webhook_hosts: frozenset[str] = frozenset()
    keys_backups: Path | None = None
    site_zones: Mapping[str, str] = {}
    ledger_url: str = ""
    ledger_origin: str = "watchword/log"
    checkpoints: Path = Path("checkpoints.jsonl")
    public_checkpoint_seconds: int = 86_400
    witnesses: str = ""
    exports: Path = Path("exports")
    exports_days: int = 30
    tsa_url: str = ""
    tsa_ca: str = ""

    def __repr__(self) -> str:
        """Show where it lives and listens, nothing else."""
        return f"Settings(home={str(self.home)!r}, {self.host}:{self.port})"


def load(environment: Mapping[str, str]) -> Settings:
    """Read the settings.

    Raises BadSetting, also for a `WATCHWORD_` variable nobody knows: a misspelt one would do harm.
    """
    found, files = _said(environment)
    home = Path(found["HOME"]).absolute()
    if not found["PORT"].isdigit() or int(found["PORT"]) > LAST_PORT:
        raise BadSetting("WATCHWORD_PORT must be a port, 0 to 65535")
    if found["LOG_LEVEL"] not in ("debug", "info", "warning", "error"):
        raise BadSetting("WATCHWORD_LOG_LEVEL must be debug, info, warning or error")
    if not found["EXPORTS_DAYS"].isdigit() or not 1 <= int(found["EXPORTS_DAYS"]) <= MOST_DAYS:
        raise BadSetting(f"WATCHWORD_EXPORTS_DAYS must be whole days, 1 to {MOST_DAYS}")
    if bool(found["TSA_URL"]) != bool(found["TSA_CA"]):
        raise BadSetting("WATCHWORD_TSA_URL and WATCHWORD_TSA_CA go together; give both or neither")
    host, port = found["HOST"], int(found["PORT"])
    database_url = found["DATABASE_URL"] or f"sqlite:///{home / 'watchword.sqlite'}"
    return Settings(
        home=home,
        host=host,
        port=port,
        database_url=database_url,
        keys_url=found["KEYS_URL"] or f"sqlite:///{home / 'keys' / 'keys.sqlite'}",
        master=_master(home, found, files),
        keys_backups=Path(found["KEYS_BACKUPS"]).absolute() if found["KEYS_BACKUPS"] else None,
        jwks_url=found["JWKS_URL"],
        token_issuer=found["TOKEN_ISSUER"],
        token_audience=found["TOKEN_AUDIENCE"],
        outbox_url=found["OUTBOX_URL"],
        outbox_secret=found["OUTBOX_SECRET"],
        public_url=found["PUBLIC_URL"] or f"http://{host}:{port}",
        log_level=found["LOG_LEVEL"],
        fresh_seconds=_fresh(found["FRESH_HOURS"]),
        webhook_hosts=frozenset(found["WEBHOOK_HOSTS"].casefold().split()),
        ledger_url=found["LEDGER_URL"] or _beside(database_url, home),
        ledger_origin=_origin(found["LEDGER_ORIGIN"]),
        checkpoints=home / (found["CHECKPOINTS"] or "checkpoints.jsonl"),
        public_checkpoint_seconds=_hours(found["PUBLIC_CHECKPOINT_HOURS"]) * 3600,
        witnesses=found["WITNESSES"],
        exports=Path(found["EXPORTS"]).absolute() if found["EXPORTS"] else home / "exports",
        exports_days=int(found["EXPORTS_DAYS"]),
        tsa_url=found["TSA_URL"],
        tsa_ca=found["TSA_CA"],
        site_zones=_zones(found["SITE_ZONES"]),
    )


def _said(environment: Mapping[str, str]) -> tuple[dict[str, str], dict[str, Path]]:
    """Every variable's text, and the files that some were read from."""
    found = {name: default for name, (default, _) in VARIABLES.items()}
    files: dict[str, Path] = {}
    for variable, value in environment.items():
        if not variable.startswith(PREFIX):
            continue
        name = variable.removeprefix(PREFIX)
        if name in VARIABLES:
            found[name] = value
        elif name.removesuffix("_FILE") in VARIABLES:
            try:
                files[name.removesuffix("_FILE")] = Path(value)
                found[name.removesuffix("_FILE")] = Path(value).read_text(encoding="utf-8").strip()
            except OSError:
                raise BadSetting(f"{variable}: the file cannot be read") from None
        elif name not in CLIENT_VARIABLES and not name.startswith("TEST_"):
            raise BadSetting(f"{variable} is not a setting; see docs/operations.md")
    return found, files


def _zones(text: str) -> dict[str, str]:
    """The zone of each site, by the site casefolded. Raises BadSetting for one that no time zone database here has."""
    zones = {}
    for pair in text.split():
        site, _, zone = pair.partition("=")
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise BadSetting(
                "WATCHWORD_SITE_ZONES must be sites with IANA zones, such as manila=Asia/Manila; this one is not known:"
                f" {pair[:40]!a}"
            ) from None
        zones[site.casefold()] = zone
    return zones


def _origin(text: str) -> str:
    if not _ORIGIN.fullmatch(text):
        raise BadSetting("WATCHWORD_LEDGER_ORIGIN must be a name such as watchword.example/log, without spaces or +")
    return text


def _hours(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= MOST_HOURS:
        raise BadSetting(f"WATCHWORD_PUBLIC_CHECKPOINT_HOURS must be whole hours, 1 to {MOST_HOURS}")
    return int(text)


def _beside(database_url: str, home: Path) -> str:
    """Where the ledger is unless it is said: SQLite has one writer for a file, and decisions are not to wait for it."""
    return f"sqlite:///{home / 'ledger.sqlite'}" if database_url.startswith("sqlite") else database_url


def _fresh(text: str) -> dict[str, int]:
    """Limits of freshness by source, in seconds."""
    limits = {}
    for pair in text.split():
        source, _, hours = pair.partition("=")
        if not source or not hours.isdigit():
            raise BadSetting("WATCHWORD_FRESH_HOURS must be sources with whole hours, such as amadeus=24 duffel=6")
        limits[source] = int(hours) * 3600
    return limits


def _master(home: Path, found: Mapping[str, str], files: Mapping[str, Path]) -> MasterSource:
    """Where the master key comes from."""
    if found["MASTER_KEY"] and found["MASTER_KEY_COMMAND"]:
        raise BadSetting("WATCHWORD_MASTER_KEY and WATCHWORD_MASTER_KEY_COMMAND are set both; keep one of them")
    return MasterSource(
        home=home,
        text=found["MASTER_KEY"],
        file=files.get("MASTER_KEY"),
        command=found["MASTER_KEY_COMMAND"],
        vault_url=found["VAULT_URL"],
        vault_key=found["VAULT_KEY"],
        vault_mount=found["VAULT_MOUNT"],
        vault_token=found["VAULT_TOKEN"],
        vault_token_file=files.get("VAULT_TOKEN"),
        vault_namespace=found["VAULT_NAMESPACE"],
        vault_authorities=found["VAULT_AUTHORITIES"],
    )

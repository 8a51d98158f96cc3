"""The composition root: the one place where the parts of the service are made and put together."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from fastapi import FastAPI

from domain import authority, event, rule
from domain.event import Actor, Event, Header
from domain.policy import AdoptPolicy, PolicyState, decide
from service.api.app import build
from service.authority import DEFAULT
from service.bundle.workshop import Workshop
from service.desk.clock import Clock, wall
from service.desk.desk import Desk
from service.desk.draft import POLICY
from service.desk.loading import Loader
from service.desk.pipeline import Pipeline
from service.ledger import BadNote, Ledger, Signer
from service.ledger.keeping import Keeper
from service.ledger.published import Published
from service.ledger.store import Store
from service.ledger.witness import Witnesses, read_witnesses
from service.log import Append, Conflict, EventLog, LogUnavailable, migrate, migrate_keys, migrate_ledger
from service.log.database import open_database
from service.log.reading import Reader
from service.outbox import outbox_for
from service.passcodes import PasscodeHasher
from service.policies import DEFAULT_SCHEMA, DEFAULT_TEXT, compile_policy, engine
from service.sealing import Codec, KeyRing, Marks, SealingError
from service.sealing.source import master_key
from service.settings import BadSetting, Settings
from service.signing import SigningKey
from service.tokens import LocalIssuer, TokenVerifier

SYSTEM = Actor("watchword", "system")


def prepare(settings: Settings) -> None:
    """Make the folders, bring both databases to today's tables, and adopt the default policy where none is in force."""
    settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    (settings.home / "keys").mkdir(exist_ok=True, mode=0o700)
    migrate(settings.database_url)
    migrate_keys(settings.keys_url)
    migrate_ledger(settings.ledger_url)
    log, keys = EventLog(settings.database_url), ring(settings)
    try:
        keys.check()
        codec = Codec(keys)
        _first(log, codec, keys, POLICY, _default_policy)
        _first(log, codec, keys, authority.STREAM, lambda state: authority.adopt(state, DEFAULT))
        _first(log, codec, keys, rule.STREAM, lambda state: rule.adopt(state, rule.DEFAULT))
    finally:
        log.close()
        keys.close()


def _first(log: EventLog, codec: Codec, keys: KeyRing, stream: str, adopt: Callable[[Any], Sequence[Event]]) -> None:
    """Adopt the default of this stream where nothing is in force."""
    state, version = Loader(log, codec, keys).load(stream)
    if version:
        return
    (adopted,) = adopt(state)
    header = Header(secrets.token_hex(16), wall(), SYSTEM, "first start")
    stored, _ = codec.encode(adopted, header, stream, 1)
    with contextlib.suppress(Conflict):  # another replica was first
        log.append(Append(events=(stored,), expect={stream: 0}))


def _default_policy(state: PolicyState) -> Sequence[Event]:
    return decide(state, AdoptPolicy(DEFAULT_TEXT, DEFAULT_SCHEMA, engine(), compile_policy(DEFAULT_TEXT)))


def ring(settings: Settings) -> KeyRing:
    """The ring of keys. What it derives stays when the master key is changed; it can once `check` has reached them."""
    return KeyRing(settings.keys_url, master_key(settings.master), renewed=lambda: master_key(settings.master))


def _reached(keys: KeyRing) -> KeyRing:
    """The ring with what it derives at hand, if that can be had now; else it is as soon as it can."""
    with contextlib.suppress(LogUnavailable, SealingError):
        keys.check()
    return keys


def issuer(settings: Settings) -> LocalIssuer:
    """The local token issuer, its key made on first start."""
    return LocalIssuer(
        settings.home / "keys" / "issuer.key", issuer=settings.token_issuer, audience=settings.token_audience
    )


def verifier(settings: Settings) -> TokenVerifier:
    """Who knows which tokens are good: the JWKS of your issuer, else the local one."""
    if settings.jwks_url:
        return TokenVerifier.remote(settings.jwks_url, issuer=settings.token_issuer, audience=settings.token_audience)
    return TokenVerifier.local(issuer(settings))


def signer(settings: Settings, keys: KeyRing) -> Signer:
    """Who signs the checkpoints of the ledger: a key derived from the root secret, under the origin as its name."""
    return Signer(SigningKey(keys, "checkpoints of the ledger"), settings.ledger_origin)


def keeper(
    settings: Settings, log: Reader, store: Store, keys: KeyRing, *, clock: Callable[[], datetime] = wall
) -> Keeper:
    """Who keeps the ledger over this log."""
    return Keeper(
        source=log,
        store=store,
        published=Published(settings.checkpoints),
        signer=signer(settings, keys),
        clock=clock,
        public_s=settings.public_checkpoint_seconds,
    )


@contextlib.contextmanager
def kept(settings: Settings, *, clock: Callable[[], datetime] = wall) -> Iterator[tuple[Reader, Store, Keeper]]:
    """The log as it can be read and not written, the ledger's database, and who keeps it: for a command."""
    database = open_database(settings.database_url, lock_timeout=5.0, connect_timeout=3.0, readers=2)
    store, log, keys = Store(settings.ledger_url), Reader(database), _reached(ring(settings))
    try:
        yield log, store, keeper(settings, log, store, keys, clock=clock)
    finally:
        keys.close()
        store.close()
        database.reader.dispose()
        database.writer.dispose()


def compare(settings: Settings) -> None:
    """Compare the log with what was published of it. Raises LedgerError; a database that is away is waited for."""
    _witnesses(settings)
    with kept(settings) as (_, _, ledger), contextlib.suppress(LogUnavailable):
        ledger.compare()


def _witnesses(settings: Settings) -> Witnesses:
    try:
        return Witnesses(read_witnesses(settings.witnesses))
    except BadNote as error:
        raise BadSetting(f"WATCHWORD_WITNESSES: {error}") from None


def _ledger(settings: Settings, log: EventLog, keys: KeyRing, clock: Callable[[], datetime]) -> Ledger:
    store = Store(settings.ledger_url)
    kept = keeper(settings, log, store, keys, clock=clock)
    return Ledger(kept, store, signer(settings, keys), _witnesses(settings), keys.check)


def _workshop(settings: Settings) -> Workshop:
    kept = timedelta(days=settings.exports_days)
    try:
        return Workshop(settings.exports, kept, tsa_url=settings.tsa_url, tsa_ca=settings.tsa_ca)
    except ValueError:
        raise BadSetting("WATCHWORD_TSA_CA must hold certificates (PEM), or name their file by _FILE") from None


def desk(settings: Settings, *, clock: Callable[[], datetime] = wall) -> Desk:
    """The desk over prepared databases."""
    event.validate()
    keys = _reached(ring(settings))
    codec = Codec(keys)
    log = EventLog(settings.database_url)
    return Desk(
        log=log,
        pipeline=Pipeline(log, codec, keys, Clock(clock)),
        codec=codec,
        keys=keys,
        marks=Marks(keys, keys),
        hasher=PasscodeHasher(),
        outbox=outbox_for(settings.home / "outbox", url=settings.outbox_url, secret=settings.outbox_secret),
        public_url=settings.public_url,
        freshness=settings.fresh_seconds,
        approvals=SigningKey(keys, "approvals of overrides"),
        unsealings=SigningKey(keys, "approvals of unsealings"),
        webhook_hosts=settings.webhook_hosts,
        ledger=_ledger(settings, log, keys, clock),
        site_zones=settings.site_zones,
        backups=settings.keys_backups,
        workshop=_workshop(settings),
    )


def service(settings: Settings, *, clock: Callable[[], datetime] = wall) -> FastAPI:
    """The whole service, ready to be served."""
    return build(desk(settings, clock=clock), verifier(settings))

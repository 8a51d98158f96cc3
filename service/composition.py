"""The composition root: the one place where the parts of the service are made and put together."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from fastapi import FastAPI

from domain import authority, event, rule
from domain.event import Actor, Event, Header
from domain.policy import AdoptPolicy, PolicyState, decide
from service.api.app import build
from service.authority import DEFAULT
from service.desk.clock import Clock, wall
from service.desk.desk import Desk
from service.desk.draft import POLICY
from service.desk.loading import Loader
from service.desk.pipeline import Pipeline
from service.log import Append, Conflict, EventLog, migrate, migrate_keys
from service.outbox import outbox_for
from service.passcodes import PasscodeHasher
from service.policies import DEFAULT_SCHEMA, DEFAULT_TEXT, compile_policy, engine
from service.sealing import Codec, KeyRing, Marks, MasterKey
from service.settings import Settings
from service.signing import SigningKey
from service.tokens import LocalIssuer, TokenVerifier

SYSTEM = Actor("watchword", "system")


def prepare(settings: Settings) -> None:
    """Make the folders, bring both databases to today's tables, and adopt the default policy where none is in force."""
    settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    (settings.home / "keys").mkdir(exist_ok=True, mode=0o700)
    migrate(settings.database_url)
    migrate_keys(settings.keys_url)
    log, keys = EventLog(settings.database_url), _keys(settings)
    try:
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


def _keys(settings: Settings) -> KeyRing:
    return KeyRing(settings.keys_url, master(settings))


def master(settings: Settings) -> MasterKey:
    """The master key: as set, else from its file, made on first start."""
    return MasterKey.find(settings.home, text=settings.master_key)


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


def desk(settings: Settings, *, clock: Callable[[], datetime] = wall) -> Desk:
    """The desk over prepared databases."""
    event.validate()
    secret = master(settings)
    keys = KeyRing(settings.keys_url, secret)
    codec = Codec(keys)
    log = EventLog(settings.database_url)
    return Desk(
        log=log,
        pipeline=Pipeline(log, codec, keys, Clock(clock)),
        codec=codec,
        keys=keys,
        marks=Marks(secret, keys),
        hasher=PasscodeHasher(),
        outbox=outbox_for(settings.home / "outbox", url=settings.outbox_url, secret=settings.outbox_secret),
        public_url=settings.public_url,
        freshness=settings.fresh_seconds,
        approvals=SigningKey(secret, "approvals of overrides"),
        webhook_hosts=settings.webhook_hosts,
    )


def service(settings: Settings, *, clock: Callable[[], datetime] = wall) -> FastAPI:
    """The whole service, ready to be served."""
    return build(desk(settings, clock=clock), verifier(settings))

"""`watchword authority`, and in a contact `interaction may`, `judge`, `safety`, `safety-done` and `escalate`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from service.cli import show
from service.cli.client import path
from service.cli.connection import Connection
from service.cli.exits import Code, Failed
from service.cli.options import InteractionId, Key, spread

app = typer.Typer(no_args_is_help=True, help="Authority: which tier may do what, when and after whose yes.")

Action = Annotated[str, typer.Argument(metavar="ACTION", help="The action, as authority names it.")]
AmountClass = Annotated[str, typer.Option(help="How much it is about, as authority names its amount classes.")]
Words = Annotated[str, typer.Option(help="What was said; it is sealed in the record.")]


class SignalKind(StrEnum):
    """What it is about."""

    HEALTH = "health"
    SAFETY = "safety"


class Claim(StrEnum):
    """What office somebody claims."""

    POLICE = "police"
    DOCTOR = "doctor"
    COURT = "court"
    OTHER = "other"


@app.command("show")
@spread
def read_authority(*, connection: Connection) -> None:
    """Print what your own tier may do; to compliance and auditors the whole."""
    connection.read(path("authority"), view=_drawn)


def _drawn(answer: bytes, *, as_json: bool) -> None:
    """The answer's plain fields, and a table of the grants, with their hours in the document's zone."""
    told = show.read(answer)
    if as_json:
        show.raw(answer)
        return
    document = told.pop("document", None) or {}
    lists = {name: rows for name, rows in document.items() if rows and isinstance(rows[0], dict)}
    plain = {name: value for name, value in {**told, **document}.items() if name not in lists}
    show.fields(msgspec.json.encode(plain), as_json=False)
    for name, rows in lists.items():
        show.out().print(show.table(name, [_row(row) for row in rows]))


def _row(grant: dict[str, Any]) -> dict[str, Any]:
    """A grant with its hours in words, "08:00-15:00 mon tue"."""
    spans = [
        f"{span['from']}-{span['until']} {' '.join(span.get('days', ()))}".strip() for span in grant.get("hours", ())
    ]
    return {**grant, "hours": spans} if spans else grant


@app.command("adopt")
@spread
def adopt_authority(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The document, JSON (openapi/authority.schema.json).")],
    key: Key = "",
    *,
    connection: Connection,
) -> None:
    """Put a document in force, if nothing speaks against it (compliance)."""
    try:
        document = msgspec.json.decode(file.read_bytes())
    except (OSError, msgspec.DecodeError):
        raise Failed(Code.USAGE, f"{file} cannot be read as JSON") from None
    connection.write(path("authority"), {"document": document}, key=key)


@spread
def may(
    interaction: InteractionId,
    action: Action,
    *,
    amount_class: AmountClass = "",
    confirmed_by: Annotated[str, typer.Option(help="The outside party that has just said yes to it.")] = "",
    person: Annotated[str, typer.Option(help="Who it was there; it is sealed in the record.")] = "",
    connection: Connection,
) -> None:
    """Ask whether you may do it now: yes, call somebody first, it is your judgement, or pass it on."""
    if bool(confirmed_by) != bool(person):
        raise Failed(Code.USAGE, "say both who confirmed it: --confirmed-by the party, and --person there")
    body: dict[str, Any] = {"action": action, "amount_class": amount_class}
    if confirmed_by:
        body["confirmation"] = {"by": confirmed_by, "person": person}
    connection.write(path("interactions", interaction, "authority"), body)


@spread
def judge(
    interaction: InteractionId,
    action: Action,
    *,
    granted: Annotated[str, typer.Option(help="What you granted; it is sealed in the record.")],
    why: Annotated[str, typer.Option(help="Why; it is sealed in the record.")],
    amount_class: AmountClass = "",
    key: Key = "",
    connection: Connection,
) -> None:
    """Record a judgement call that authority leaves to your tier: what was granted, and why."""
    body = {"action": action, "amount_class": amount_class, "granted": granted, "why": why}
    connection.write(path("interactions", interaction, "judgements"), body, key=key)


@spread
def safety(
    interaction: InteractionId,
    *,
    kind: Annotated[SignalKind, typer.Option(help="What it is about.")] = SignalKind.SAFETY,
    words: Words = "",
    key: Key = "",
    connection: Connection,
) -> None:
    """Say that it is about health or safety, and print what you may do at once, or where to transfer to."""
    connection.write(path("interactions", interaction, "safety-signal"), {"kind": kind, "words": words}, key=key)


@spread
def safety_done(
    interaction: InteractionId,
    signal: Annotated[str, typer.Argument(metavar="SIGNAL", help="The signal's id.")],
    did: Annotated[str, typer.Argument(metavar="DID", help="The action that was done, or: transferred.")],
    *,
    words: Words = "",
    key: Key = "",
    connection: Connection,
) -> None:
    """Record what was done about a safety signal."""
    where = path("interactions", interaction, "safety-signal", signal, "done")
    connection.write(where, {"did": did, "words": words}, key=key)


@spread
def escalate(
    interaction: InteractionId,
    *,
    claim: Annotated[Claim, typer.Option(help="What office the caller claims. Nobody judges whether it is so.")],
    words: Words = "",
    key: Key = "",
    connection: Connection,
) -> None:
    """Pass on a caller who claims an office. The answer is always the same."""
    connection.write(path("interactions", interaction, "escalations"), {"claim": claim, "words": words}, key=key)


def add(contact: typer.Typer) -> None:
    """Put those of a contact among its commands."""
    contact.command("may")(may)
    contact.command("judge")(judge)
    contact.command("safety")(safety)
    contact.command("safety-done")(safety_done)
    contact.command("escalate")(escalate)

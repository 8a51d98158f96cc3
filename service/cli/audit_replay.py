"""`watchword audit replay`, `audit what-if` and `audit decision`: what was decided, decided again.

The first two read the database of this shell's settings, like migrate, and ask no service. That they read it is on
record, under the user of the operating system.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from domain.refusal import Refused
from service.cli import show
from service.cli.client import path
from service.cli.connection import Connection
from service.cli.exits import Code, Failed
from service.cli.installation import failing, settings
from service.cli.options import spread

if TYPE_CHECKING:
    from domain.policy import PolicyTable
    from service.record.auditing import Audit, Tally

HOWS = {
    "would_be_disclosed": "withheld, and would be disclosed",
    "would_be_withheld": "disclosed, and would be withheld",
    "would_say_otherwise": "disclosed either way, from another view or with other classes",
}
Lines = Annotated[
    bool, typer.Option("--json", help="Print one JSON object a line: each finding, and what it comes to at the end.")
]
Examples = Annotated[
    int, typer.Option(min=0, max=1000, help="How many findings of each kind are printed as text.", show_default=True)
]


@spread
def decision(
    decision: Annotated[str, typer.Argument(metavar="DECISION", help="The decision's id.")], *, connection: Connection
) -> None:
    """Have one decision made again from the log, by the policy of its day (auditor)."""
    connection.write(path("decisions", decision, "replay"), {}, view=_one)


def replay(*, examples: Examples = 20, as_json: Lines = False) -> None:
    """Make every recorded decision again by the policy of its day, and print those that come out otherwise.

    Ends with 6 where one does, or where an event cannot be read.
    """
    _audited(None, examples, as_json=as_json)


def what_if(
    *,
    policy: Annotated[Path, typer.Option(metavar="FILE", help="The policy to judge the past by, in Cedar.")],
    examples: Examples = 20,
    as_json: Lines = False,
) -> None:
    """Judge the whole past by another policy, and print every attempt that would have come out otherwise.

    Nothing is adopted. Ends with 3 where the policy cannot be judged, with 6 where a decision does not replay.
    """
    from domain.policy import check  # noqa: PLC0415 - the service is heavy, and most commands do without
    from service.policies import compile_policy  # noqa: PLC0415 - likewise

    try:
        text = policy.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise Failed(Code.USAGE, f"{policy} cannot be read as text") from None
    try:
        with show.err().status("judging every combination"):
            table = compile_policy(text)
    except Refused as refused:
        raise Failed(Code.REFUSED, refused.detail) from None
    for reason in check(table):
        show.err().print(f"it could not be adopted: {reason}")
    _audited(table, examples, as_json=as_json)


def _audited(table: PolicyTable | None, examples: int, *, as_json: bool) -> None:
    from service.log import EventLog  # noqa: PLC0415 - the service is heavy, and most commands do without
    from service.record.auditing import Audit, operator  # noqa: PLC0415 - likewise
    from service.record.shares import ShareFailed  # noqa: PLC0415 - likewise

    shown: dict[str, int] = {}
    with failing():
        url = settings().database_url
        with EventLog(url) as log:
            audit = Audit(url, log, operator(), table)
            audit.begin()
            try:
                for finding in _findings(audit):
                    kind, told = _kind(finding), msgspec.to_builtins(finding)
                    shown[kind] = shown.get(kind, 0) + 1
                    if as_json:
                        show.raw(msgspec.json.encode(told))
                    elif shown[kind] <= examples:
                        show.out().print(_line(kind, told), soft_wrap=True)
            except ShareFailed as failed:
                raise Failed(Code.UNAVAILABLE, f"{failed}; run it again") from None
    if as_json:
        show.raw(msgspec.json.encode({"found": "tally", **msgspec.to_builtins(audit.tally)}))
    else:
        _told(audit.tally, shown, examples, supposed=table is not None)
    if not audit.tally.sound():
        raise typer.Exit(int(Code.CONTRADICTED))


def _findings(audit: Audit) -> Iterator[Any]:
    with _progress() as progress:
        task = progress.add_task("replaying", total=audit.last, made=0)
        for chunk in audit.run():
            progress.update(task, completed=chunk.upto, made=audit.tally.decisions)
            yield from chunk.findings


@contextmanager
def _progress() -> Iterator[Progress]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("events, {task.fields[made]} decisions"),
        TimeRemainingColumn(),
    )
    console = show.err()
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        yield progress


def _kind(finding: Any) -> str:
    return str(getattr(finding, "how", type(finding).__name__.lower()))


def _line(kind: str, told: dict[str, Any]) -> str:
    """A finding as a line: where, which, and what of it differs. Ids, names of rules and counts, nothing personal."""
    where = f"position {told['position']}  {told.get('decision_id') or told['stream']}"
    if kind == "fault":
        return f"{where}  {told['reason']}"
    if kind == "divergence":
        said = "; ".join(f"{each['what']}: {each['recorded']}, now {each['again']}" for each in told["differs"])
        return f"{where}  {said}"
    rules = f"{', '.join(told['rules_then'])} -> {', '.join(told['rules_now'])}"
    heard = [f"{word} {', '.join(told[name])}" for name, word in (("more", "also"), ("less", "no more")) if told[name]]
    return "  ".join([where, f"{told['asked']} {HOWS[kind]}", rules, *heard])


def _told(tally: Tally, shown: dict[str, int], examples: int, *, supposed: bool) -> None:
    console = show.out()
    for kind, count in shown.items():
        if count > examples:
            console.print(f"... and {count - examples} more of {kind.replace('_', ' ')}: --json prints all")
    same = tally.decisions - tally.divergences
    console.print(f"{tally.decisions} decisions made again; {same} came out as they are on record.", soft_wrap=True)
    if tally.inferred:
        console.print(f"What {tally.inferred} of them were given is not on record, and was inferred.", soft_wrap=True)
    if tally.faults:
        console.print(f"{tally.faults} events cannot be read.")
    if supposed:
        rows = [
            {"what": HOWS[how], "rule": rule, "decisions": str(count)}
            for how in HOWS
            for rule, count in sorted(tally.rules.get(how, {}).items(), key=lambda each: (-each[1], each[0]))
        ]
        for how, words in HOWS.items():
            console.print(f"{tally.changes.get(how, 0)} {words}")
        if rows:
            console.print(show.table("by the rule that would decide", rows))


def _one(answer: bytes, *, as_json: bool) -> None:
    told = show.read(answer)
    if as_json:
        show.raw(answer)
        return
    same = "the same" if told["same"] else "NOT the same"
    show.out().print(f"decision {told['decision_id']}: made again, it comes out {same}", soft_wrap=True)
    rows = [
        {"": name, **{key: value for key, value in (told[name] or {}).items() if key != "listeners"}}
        for name in ("recorded", "again")
    ]
    show.out().print(show.table(f"by policy version {told['policy_version']}", rows))
    for each in told["differs"]:
        show.out().print(f"{each['what']}: {each['recorded']}, now {each['again']}", soft_wrap=True)

"""The app: every command in its place, and the one way out for what went wrong."""

from __future__ import annotations

import sys
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated

import typer

from service.cli import (
    access,
    account,
    action,
    audit,
    authority,
    booking,
    commitment,
    exhibit,
    hand_off,
    hold,
    incident,
    interaction,
    keys,
    ledger,
    line,
    notice,
    override,
    passcode,
    policy,
    problem,
    protect,
    rules,
    safe_contact,
    split,
    unsealing,
    webhook,
)
from service.cli.ask import ask
from service.cli.demo import demo
from service.cli.exits import Code, Failed
from service.cli.export import export
from service.cli.forget import forget
from service.cli.history import decision, differences, history, views
from service.cli.migrate import migrate
from service.cli.serve import serve
from service.cli.token import token
from service.cli.verify import verify

NAME = "watchword"

app = typer.Typer(
    name=NAME,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Decides, in real time, what the person on the line may be told, and keeps a record of every attempt.",
    epilog="Ends with 0 done, 1 untrue, 2 usage, 3 refused, 4 unavailable, 5 not authorised, 6 contradicted.",
)


def _version(asked: bool) -> None:
    if asked:
        try:
            typer.echo(version(NAME))
        except PackageNotFoundError:
            typer.echo("not installed")
        raise typer.Exit


@app.callback()
def root(
    _: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version, and end.")
    ] = False,
) -> None:
    """Decides, in real time, what the person on the line may be told, and keeps a record of every attempt."""


for command in (serve, migrate, demo, token):
    app.command()(command)
app.add_typer(account.app, name="account")
app.add_typer(booking.app, name="booking")
app.add_typer(split.app, name="split")
app.add_typer(protect.app, name="protect")
app.add_typer(passcode.app, name="passcode")
app.add_typer(safe_contact.app, name="safe-contact")
hand_off.add(interaction.app)
authority.add(interaction.app)
line.add(interaction.app)
app.add_typer(interaction.app, name="interaction")
app.add_typer(action.app, name="action")
app.command()(ask)
app.command()(history)
app.command()(differences)
app.command()(views)
app.command()(decision)
app.add_typer(unsealing.app, name="unsealing")
app.command()(forget)
app.add_typer(ledger.app, name="ledger")
app.add_typer(audit.app, name="audit")
app.add_typer(policy.app, name="policy")
app.add_typer(authority.app, name="authority")
app.add_typer(commitment.app, name="commitment")
app.add_typer(problem.app, name="problem")
app.add_typer(override.app, name="override")
app.add_typer(notice.app, name="notice")
app.add_typer(access.app, name="access")
app.add_typer(incident.app, name="incident")
app.add_typer(hold.app, name="hold")
app.add_typer(keys.app, name="keys")
app.command()(exhibit.timeline)
app.add_typer(exhibit.app, name="exhibit")
app.command()(export)
app.command()(verify)
app.add_typer(rules.app, name="rules")
app.add_typer(webhook.app, name="webhook")


def main() -> None:
    """Run the command line. Ends the process with one of `exits.Code`; nothing is ever a traceback."""
    try:
        app(prog_name=NAME)
    except Failed as failed:
        failed.tell()
    except Exception as error:  # noqa: BLE001 - a fault of ours: its kind and place, never its values
        trace = error.__traceback__
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        where = "" if trace is None else f" at {trace.tb_frame.f_code.co_filename.rpartition('/')[2]}:{trace.tb_lineno}"
        Failed(Code.UNTRUE, f"this is a fault of the command line: {type(error).__name__}{where}").tell()
    sys.exit(Code.DONE)

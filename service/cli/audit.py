"""`watchword audit`: the whole record, checked, and what was decided in it decided again."""

from __future__ import annotations

import typer

from service.cli.audit_replay import decision, replay, what_if
from service.cli.audit_verify import verify

app = typer.Typer(no_args_is_help=True, help="The whole record, checked, and decided again.")
app.command("verify")(verify)
app.command("replay")(replay)
app.command("what-if")(what_if)
app.command("decision")(decision)

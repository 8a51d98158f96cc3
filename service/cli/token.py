"""`watchword token`: a token of the local issuer, for one machine, trials and tests."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import msgspec
import typer

from service.cli.exits import Code, Failed
from service.cli.installation import failing, settings


class Role(StrEnum):
    """Whom a token may speak for."""

    AGENT = "agent"
    PORTAL = "portal"
    NOTIFIER = "notifier"
    BACK_OFFICE = "back_office"
    AUDITOR = "auditor"
    LEGAL = "legal"
    OPERATIONS = "operations"
    COMPLIANCE = "compliance"
    EXECUTIVE = "executive"


def token(
    *,
    role: Annotated[list[Role], typer.Option(help="The role; repeat for more than one.")],
    sub: Annotated[str, typer.Option(help="Whose token it is, such as agent-7.")],
    tier: Annotated[int, typer.Option(min=0, max=3, help="The tier of an agent; 0 where tiers do not apply.")] = 0,
    site: Annotated[str, typer.Option(help="The site, such as manila.")] = "",
    team: Annotated[str, typer.Option(help="The team, such as ticketing.")] = "",
    hours: Annotated[int, typer.Option(min=1, max=720, help="How long it is good for.", show_default=True)] = 8,
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON: token.")] = False,
) -> None:
    """Print a token of the local issuer, and nothing else. Its key is the one under WATCHWORD_HOME."""
    from service import composition  # noqa: PLC0415 - the service is heavy, and most commands do without
    from service.tokens import TokenRejected  # noqa: PLC0415 - likewise

    set_up = settings()
    if set_up.jwks_url:
        raise Failed(Code.USAGE, "WATCHWORD_JWKS_URL is set: get tokens from your own issuer")
    with failing():
        try:
            made = composition.issuer(set_up).mint(sub, role, tier=tier, site=site, team=team, lifetime_s=hours * 3600)
        except TokenRejected as error:
            raise Failed(Code.USAGE, error.reason) from None
    typer.echo(msgspec.json.encode({"token": made}) if as_json else made)

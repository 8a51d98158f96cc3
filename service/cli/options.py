"""Options that many commands take, and groups of them. A noun's own options stand with its commands."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import asdict, dataclass, is_dataclass
from functools import wraps
from typing import Annotated, Any

import typer

from service.settings import CLIENT_VARIABLES

URL = CLIENT_VARIABLES["URL"][0]

Url = Annotated[
    str,
    typer.Option("--url", envvar="WATCHWORD_URL", help="The service to talk to.", show_envvar=True, show_default=True),
]
Token = Annotated[
    str,
    typer.Option(
        "--token",
        envvar="WATCHWORD_TOKEN",
        show_envvar=True,
        help="The bearer token to send. The variable is better: others on this machine can see arguments.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print data on stdout as JSON, exactly as the service answered.")]
Key = Annotated[
    str,
    typer.Option("--key", help="Idempotency key: give the same one again to repeat a call whose answer was lost."),
]

AccountId = Annotated[str, typer.Argument(metavar="ACCOUNT", help="The account's id.")]
BookingId = Annotated[str, typer.Argument(metavar="BOOKING", help="The booking's id.")]
InteractionId = Annotated[str, typer.Argument(metavar="INTERACTION", help="The interaction's id.")]
ListenerId = Annotated[str, typer.Argument(metavar="LISTENER", help="The listener's id.")]


@dataclass(frozen=True, repr=False)  # no repr: they are about a person
class Facts:
    """What a person can be identified by, as far as it was given."""

    surname: Annotated[str, typer.Option(help="Surname, as on the booking.")] = ""
    given_name: Annotated[str, typer.Option(help="Given name.")] = ""
    date_of_birth: Annotated[str, typer.Option(help="Date of birth, YYYY-MM-DD.")] = ""
    email: Annotated[str, typer.Option(help="Mail address.")] = ""
    phone: Annotated[str, typer.Option(help="Telephone number.")] = ""
    loyalty: Annotated[str, typer.Option(help="Frequent-traveller number.")] = ""

    def given(self) -> dict[str, str]:
        """Those that were given, by kind."""
        return {kind: value for kind, value in asdict(self).items() if value}


def spread(command: Callable[..., None]) -> Callable[..., None]:
    """A command for typer, which knows single options only: each group it takes becomes the options the group is of.

    A group is a keyword-only parameter whose type is a dataclass; its options stand where the group stood.
    """
    asked = inspect.signature(command, eval_str=True)
    groups = {
        name: (parameter.annotation, inspect.signature(parameter.annotation, eval_str=True).parameters)
        for name, parameter in asked.parameters.items()
        if isinstance(parameter.annotation, type) and is_dataclass(parameter.annotation)
    }
    taken: list[inspect.Parameter] = []
    for name, parameter in asked.parameters.items():
        if name in groups:
            taken += [option.replace(kind=parameter.kind) for option in groups[name][1].values()]
        else:
            taken.append(parameter)

    @wraps(command)
    def gathered(**given: Any) -> None:
        for name, (group, options) in groups.items():
            given[name] = group(**{option: given.pop(option) for option in options})
        command(**given)

    gathered.__signature__ = asked.replace(parameters=taken)  # type: ignore[attr-defined]  # inspect reads it first
    return gathered

"""The connection: where the service is, whose token goes along and how its answers are shown, as a command was told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from service.cli import show
from service.cli.client import Service
from service.cli.options import URL, Json, Token, Url


class View(Protocol):
    """Prints an answer."""

    def __call__(self, answer: bytes, *, as_json: bool) -> None:
        """Print it, as JSON where that was asked for."""


@dataclass(frozen=True, repr=False)  # no repr: the token is a secret
class Connection:
    """The options that say how a call is made; `options.spread` puts them on a command. Each method raises Failed."""

    url: Url = URL
    token: Token = ""
    as_json: Json = False

    def service(self) -> Service:
        """The service itself, for a command that does more than show one answer. Use it as a context manager."""
        return Service(self.url, self.token)

    def read(self, where: str, *, query: Mapping[str, str | int] | None = None, view: View = show.fields) -> None:
        """GET what is at this path, and show it."""
        with self.service() as service:
            answer = service.read(where, query)
        view(answer, as_json=self.as_json)

    def write(
        self,
        where: str,
        body: Mapping[str, Any] | None = None,
        *,
        key: str = "",
        method: str = "POST",
        view: View = show.fields,
    ) -> None:
        """Send this body to this path, under this idempotency key or one made for it, and show what came of it."""
        with self.service() as service:
            answer = service.write(where, body, key=key, method=method)
        view(answer, as_json=self.as_json)

"""Refusals: a command that the rules do not allow. Not to be confused with a disclosure that is withheld, which is no error."""

from __future__ import annotations


class Refused(Exception):  # noqa: N818 - the word of the domain; it is raised for a command, not for a fault
    """A command cannot be carried out: `code` is stable, `detail` says what to do, `place` names the part of the request."""

    def __init__(self, code: str, detail: str, *, place: str = "") -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.place = place

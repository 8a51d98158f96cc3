"""Refusals: a command that the rules do not allow. A disclosure that is withheld is no error and no refusal."""

from __future__ import annotations


class Refused(Exception):
    """A command cannot be carried out: `code` is stable, `detail` says what to do, `place` names its part."""

    def __init__(self, code: str, detail: str, *, place: str = "") -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.place = place

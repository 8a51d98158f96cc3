"""Stories: what each is made of. A new one is a file with a class, and a line in `theatre`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from service.demo.checks import Check
from service.demo.stage import Stage


class Story(Protocol):
    """A story: its steps are played on a stage and its twin, and what it shows is checked on what came back."""

    @property
    def title(self) -> str:
        """What it is called."""

    def play(self, stage: Stage, twin: Stage) -> None:
        """Play it. Raises NotPlayed where a step that has nothing to show is refused."""

    def checks(self, stage: Stage, twin: Stage) -> Sequence[Check]:
        """What it shows, computed from the two transcripts."""

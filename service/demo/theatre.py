"""The theatre: starts the service and its twin, plays every story, shows the record and the checks, and cleans up."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
from rich.console import Console

from service.demo.checks import Check
from service.demo.health_or_safety import HealthOrSafety
from service.demo.narrator import Narrator
from service.demo.nobody_called_back import NobodyCalledBack
from service.demo.reissue import Reissue
from service.demo.roadside import Roadside
from service.demo.running import Running
from service.demo.stage import Stage
from service.demo.story import Story
from service.demo.wrong_number import WrongNumber

STORIES: tuple[Story, ...] = (Reissue(), Roadside(), NobodyCalledBack(), WrongNumber(), HealthOrSafety())


class Played(msgspec.Struct, frozen=True):
    """What was shown."""

    checks: tuple[Check, ...]

    def as_json(self) -> bytes:
        """The checks as JSON."""
        return msgspec.json.encode(self)


def play(console: Console, stories: Sequence[Story] | None = None) -> Played:
    """Play these stories, or all. Raises NotPlayed where the service does not start or goes away."""
    narrator = Narrator(console)
    checks: list[Check] = []
    with ExitStack() as house:
        home = Path(house.enter_context(TemporaryDirectory(prefix="watchword-demo-")))
        services = [Running(home / name) for name in ("world", "twin")]
        for service in services:
            house.callback(service.stop)
            service.begin()
        with console.status("starting the service, and a twin of it in which nobody asks for protection"):
            for service in services:
                service.wait()
        stage, twin = Stage(services[0], narrator), Stage(services[1], Narrator(None))
        house.callback(stage.close)
        house.callback(twin.close)
        for story in STORIES if stories is None else stories:
            narrator.title(story.title)
            story.play(stage, twin)
            shown = story.checks(stage, twin)
            narrator.checked(shown)
            checks += shown
    return Played(tuple(checks))

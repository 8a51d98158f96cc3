"""Every event has words, whatever its fields are, and they hold nothing personal and no id."""

from __future__ import annotations

import random

import pytest

from domain.event import EVENTS
from projections import telling
from projections.telling import WORDS
from service.composition import desk  # every noun registered its events once the service can be made
from tests.projections.invented import Inventor, everything_opened, names

assert callable(desk)

# What is said in clear of an event, besides the vocabulary: how the back office knows an account, and what a problem is
# called by one word. No id, and no name but through `named`.
SAID = {"confirmation.recorded.v1", "timeline.read.v1", "unsealing.asked.v1"} | {
    "account.opened.v1",
    "problem.opened.v1",
    "entry.tagged.v1",
    "entry.untagged.v1",
    "event.parked.v1",
    "letter.died.v1",
}


def test_every_event_has_words_and_nothing_else_has() -> None:
    nouns = {name.rpartition(".v")[0] for name in EVENTS}
    assert nouns - WORDS.keys() == set(), "say in projections.telling what happened"
    assert WORDS.keys() - nouns == set()


@pytest.mark.parametrize("name", list(names()))
def test_it_is_told_in_words_without_what_is_personal_and_without_ids(name: str) -> None:
    chance = random.Random(name)
    for _ in range(20):
        inventor = Inventor(chance.choice)
        (recorded,) = inventor.recorded([name])
        told = telling.told(name, everything_opened(recorded), lambda _: "somebody")
        text = f"{told.what}|{told.outcome}|{told.how}"
        assert told.what
        assert not told.what[0].isspace()
        assert [each for texts in inventor.said.values() for each in texts if each in text] == []
        if name not in SAID:
            assert [each for each in inventor.named if each in text] == [], text


def test_an_event_that_has_no_words_keeps_its_name() -> None:
    assert telling.told("some_noun.had_happened.v7", {}).what == "some noun had happened"

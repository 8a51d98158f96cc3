"""The PDF: its pages, its foot, its outline; every name in some form; the same bytes again; a process of its own."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from pypdf import PdfReader

from projections import timeline
from projections.entry import Entry, Timeline, Word
from projections.redaction import OTHERS, bar
from service.timeline import drawing
from service.timeline.pdf import Anchor, Made, drawn, text
from service.timeline.pdf.page import INNER
from tests.projections.invented import HER, HIM, Inventor, names
from tests.projections.test_timeline import account, gathered

ROOT = "qL0dLNwSxQ0Vfu1H2jl2kkBnKyCxM0k8UlAbsLl0yWc="
AT = datetime(2027, 6, 1, 9, 30, tzinfo=UTC)
MADE = Made("legal-1 (legal)", AT, anchor=Anchor("watchword.example/log", 4711, ROOT, AT.isoformat()))


def told(name: str = "court", times: int = 1) -> Timeline:
    """A timeline of events of every kind."""
    recorded = Inventor(lambda options: options[0]).recorded(list(names()) * times)
    prepared = gathered(recorded, account(HER), exhibits=tuple(each.position for each in recorded[3:6]))
    return timeline.timeline(prepared, timeline.recipient(name, prepared.account), {"manila": "Asia/Manila"})


def read(document: bytes) -> PdfReader:
    return PdfReader(io.BytesIO(document))


def saying(found: Timeline, said: str) -> Timeline:
    """The timeline, its first entry saying this."""
    entry: Entry = found.entries[0]
    first = replace(entry, who=said, words=(Word("words", said),))
    return replace(found, entries=(first, *found.entries[1:3]), exhibits=())


@pytest.fixture(scope="module")
def document() -> bytes:
    return drawn(told(), MADE)


def test_every_page_says_which_of_how_many_it_is_and_has_the_ledgers_root(document: bytes) -> None:
    pages = read(document).pages
    assert len(pages) > 5
    for number, page in enumerate(pages, 1):
        words = page.extract_text()
        assert f"Page {number} of {len(pages)}" in words
        assert f"root {ROOT}" in words
        assert "size 4711" in words
        assert "watchword.example/log" in words


def test_it_says_what_it_is_for_whom_and_by_whom(document: bytes) -> None:
    reader = read(document)
    assert reader.metadata is not None
    assert reader.metadata.title == "Timeline of incident incident, for the court"
    assert reader.metadata.author == "legal-1 (legal)"
    assert reader.metadata.creation_date == AT
    front = "".join(reader.pages[0].extract_text().split())
    for words in ("the court", "legal-1 (legal)", "2027-06-01 09:30:00 UTC", "protected party, sealed", "Person A"):
        assert words.replace(" ", "") in front


def test_it_can_be_found_ones_way_in(document: bytes) -> None:
    outline = read(document).outline
    titles = [each.title for each in outline if not isinstance(each, list)]
    assert titles == ["Title page", "Attempts over time", "Entries", "Index of exhibits", "Glossary"]
    days = [each.title for part in outline if isinstance(part, list) for each in part if not isinstance(each, list)]
    assert "2027-05-01 (UTC)" in days


def test_every_entry_is_in_it_and_the_header_is_on_every_page_of_them(document: bytes) -> None:
    found = told()
    pages = [page.extract_text() for page in read(document).pages]
    rows = [page for page in pages if "When (UTC, then local)" in page]
    whole = "".join("".join(rows).split())
    for entry in found.entries:
        assert "".join(entry.what.partition("\ue000")[0].split()) in whole
        assert f"{datetime.fromisoformat(entry.at):%Y-%m-%d%H:%M:%S}" in whole
    assert len(rows) >= 4
    assert [f"Ex. {each.number}" for each in found.exhibits if f"Ex. {each.number}" not in "".join(rows)] == []
    assert "Asia/Manila" in whole


def test_the_same_timeline_makes_the_same_bytes(document: bytes) -> None:
    assert drawn(told(), MADE) == document
    assert drawn(told(), replace(MADE, at=AT + timedelta(days=1))) != document


async def test_a_process_of_its_own_draws_the_same(document: bytes) -> None:
    assert await drawing.pdf(told(), MADE) == document


async def test_a_process_that_fails_says_nothing_of_what_it_was_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing, "SECONDS", 0.01)
    with pytest.raises(drawing.NotDrawn) as failed:
        await drawing.pdf(told(), MADE)
    assert str(failed.value) == "drawing took too long"


@pytest.mark.parametrize(
    "said",
    [
        "Łódź, Ἀθήνα, Жуковский, Nguyễn Thị Ánh",
        "שלום",
        "«it is he»",
        "a" * 400,
        "many words " * 900,
        "tab\tline\nend",
        "",
    ],
    ids=range(7),
)
def test_whatever_is_said_is_printed(said: str) -> None:
    found = "".join("".join(page.extract_text() for page in read(drawn(saying(told(), said), MADE)).pages).split())
    expected = "".join(said.split())
    if said == "שלום":
        assert said in found or said[::-1] in found
        return
    assert found.count(expected[:40]) >= (1 if expected else 0)
    assert found.count("many") >= said.count("many")


def test_what_the_typeface_lacks_is_printed_by_its_number_and_said_so() -> None:
    document = drawn(saying(told(), "林 山\u200b"), MADE)
    found = "".join(page.extract_text() for page in read(document).pages)
    assert "[U+6797] [U+5C71]" in found
    assert "lacks some characters" in read(document).pages[0].extract_text()


def test_a_bar_is_black_and_says_why() -> None:
    text.register()
    made = text.wrapped(f"she said {bar(OTHERS)} and left", text.Style(), 60.0)
    bars = [run for line in made.lines for run in line if run.bar]
    assert " ".join(run.text for run in bars) == OTHERS
    assert all(run.x + run.width <= 60.0 for line in made.lines for run in line)
    plain = [run.text for line in made.lines for run in line if not run.bar]
    assert " ".join(plain) == "she said and left"


@pytest.mark.parametrize("wide", [20.0, 55.0, INNER])
def test_no_line_is_wider_than_its_column_and_no_word_is_lost(wide: float) -> None:
    text.register()
    said = "one two three " + "x" * 90 + " four"
    made = text.wrapped(said, text.Style(), wide)
    assert max(run.x + run.width for line in made.lines for run in line) <= wide
    assert "".join(run.text.replace(" ", "") for line in made.lines for run in line) == said.replace(" ", "")


def test_right_to_left_runs_are_turned_and_numbers_in_them_are_not() -> None:
    text.register()
    assert text.printable("a שלום (בדיקה) 123 b") == "a 123 (הקידב) םולש b"
    assert text.printable("אב 12 גד") == "דג 12 בא"


def test_a_party_is_told_nothing_of_how_the_house_protects() -> None:
    for page in read(drawn(told(HIM), MADE)).pages:
        words = page.extract_text()
        assert "rotected" not in words
        assert "hown view" not in words


def test_the_typefaces_and_their_licence_are_in_the_package() -> None:
    fonts = Path(text.__file__).with_name("fonts")
    assert {each.name for each in fonts.iterdir()} == {
        "DejaVuSans.ttf", "DejaVuSans-Bold.ttf", "DejaVuSansMono.ttf", "LICENSE",
    }  # fmt: skip
    assert "Bitstream Vera" in (fonts / "LICENSE").read_text()


def test_an_empty_timeline_says_so() -> None:
    empty: Any = replace(told(), entries=(), exhibits=(), reasons={})
    assert "There are none." in "".join(page.extract_text() for page in read(drawn(empty, MADE)).pages)

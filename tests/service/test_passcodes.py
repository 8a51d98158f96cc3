"""Passcodes as secrets: hashed dearly and off the loop, compared without a tell, chosen well or made up."""

import asyncio
import hmac
import time
import unicodedata
from collections.abc import Iterator
from itertools import count
from math import log2
from random import Random

import pytest
from argon2.low_level import Type, hash_secret_raw
from hypothesis import given
from hypothesis import strategies as st

from service.passcodes import Overloaded, PasscodeHasher, check, generate, hashing
from service.passcodes.passphrases import WORDS, words
from service.passcodes.rules import LONGEST, SHORTEST
from service.passcodes.spoken import spoken

SALT = b"0123456789abcdef"
GOOD = "plover margin teapot sixty"


@pytest.fixture
def hasher() -> Iterator[PasscodeHasher]:
    hasher = PasscodeHasher()
    yield hasher
    hasher.close()


# --- hashing ----------------------------------------------------------------------------------------------------------


def test_the_hash_is_at_least_as_dear_as_owasp_asks() -> None:
    assert hashing.MEMORY_KIB >= 19 * 1024
    assert hashing.TIME >= 2
    assert hashing.PARALLELISM == 1
    assert hashing.SIZE == 32


async def test_the_digest_is_argon2id_over_the_given_salt(hasher: PasscodeHasher) -> None:
    digest = await hasher.digest(GOOD, SALT)
    assert digest == hash_secret_raw(GOOD.encode(), SALT, 2, 19456, 1, 32, Type.ID)
    assert digest == await hasher.digest("  PLOVER margin  teapot sixty", SALT)
    assert digest != await hasher.digest(GOOD + " x", SALT)
    assert digest != await hasher.digest(GOOD, SALT[::-1])
    with pytest.raises(ValueError, match="16 bytes, not 3"):
        await hasher.digest(GOOD, b"abc")


async def test_the_whole_secret_counts(hasher: PasscodeHasher) -> None:
    long = "a" * 200
    assert await hasher.digest(long + "b", SALT) != await hasher.digest(long + "c", SALT)
    assert await hasher.digest("\ud800", SALT), "even what is no text"


async def test_the_loop_goes_on_while_it_hashes(hasher: PasscodeHasher) -> None:
    # The median: any one wait may be the machine's.
    done = asyncio.gather(*(hasher.digest(GOOD, SALT) for _ in range(8)))
    waits = []
    while not done.done():
        began = time.perf_counter()
        await asyncio.sleep(0)
        waits.append(time.perf_counter() - began)
    await done
    assert len(waits) > 50, "a loop that waited for each hash would have come round eight times"


async def test_more_than_can_be_hashed_is_refused_and_room_comes_back() -> None:
    hasher = PasscodeHasher(workers=1, most_waiting=2)
    results = await asyncio.gather(*(hasher.digest(GOOD, SALT) for _ in range(6)), return_exceptions=True)
    assert [type(result) for result in results] == [bytes] * 3 + [Overloaded] * 3
    assert GOOD not in "".join(map(repr, results[3:]))
    running = [asyncio.ensure_future(hasher.digest(GOOD, SALT)) for _ in range(3)]
    await asyncio.sleep(0)
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
    async with asyncio.timeout(30):
        while hasher._pending:  # noqa: ASYNC110 - what had begun ends by itself, in a thread that sets no event
            await asyncio.sleep(0.01)
    assert await asyncio.gather(*(hasher.digest(GOOD, SALT) for _ in range(3)))
    hasher.close()
    with pytest.raises(RuntimeError):
        await hasher.digest(GOOD, SALT)
    assert hasher._pending == 0


def test_every_candidate_is_compared_in_full(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted, others = bytes(32), [bytes([n]) * 32 for n in range(1, 5)]
    calls = count()
    real = hmac.compare_digest

    def counted(one: bytes, other: bytes) -> bool:
        next(calls)
        return real(one, other)

    monkeypatch.setattr(hmac, "compare_digest", counted)
    match = PasscodeHasher.match
    assert match(wanted, [*others, wanted]) == 4
    assert match(wanted, [wanted, *others]) == 0
    assert match(wanted, [others[0], wanted, wanted]) == 1
    assert match(wanted, others) == -1
    assert match(wanted, []) == -1
    assert next(calls) == 5 + 5 + 3 + 4


# --- the spoken form --------------------------------------------------------------------------------------------------


@given(text=st.text())
def test_the_spoken_form_is_final(text: str) -> None:
    assert spoken(spoken(text)) == spoken(text)


@given(text=st.text(st.characters(codec="utf-8", exclude_categories=["Cn"])))
def test_what_sounds_alike_is_alike(text: str) -> None:
    for form in ("NFC", "NFD", "NFKC", "NFKD"):
        assert spoken(unicodedata.normalize(form, text)) == spoken(text)
    assert spoken(text.casefold()) == spoken(text)
    assert spoken(f"  {text}\t") == spoken(text)


@given(one=st.lists(st.sampled_from(words()), min_size=1), other=st.lists(st.sampled_from(words()), min_size=1))
def test_different_words_stay_different(one: list[str], other: list[str]) -> None:
    assert (spoken(" ".join(one)) == spoken("  ".join(other))) == (one == other)


@pytest.mark.parametrize(
    "said, alike",
    [("Plover  MARGIN", "plover margin"), ("STRASSE", "straße"), ("\uff21\uff22", "ab"), ("cafe\u0301", "CAFÉ")],
)
def test_spoken_alike(said: str, alike: str) -> None:
    assert spoken(said) == spoken(alike)


def test_accents_and_punctuation_count() -> None:
    assert len({spoken(text) for text in ("cafe", "café", "cafe!", "caf e")}) == 4


# --- rules ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "passcode, reason",
    [
        ("", "0 characters and needs 15"),
        ("teapot sixty", "12 characters and needs 15"),
        ("a" + " " * 20 + "b", "3 characters and needs 15"),
        ("e\u0301" * 14, "14 characters and needs 15"),
        ("x1 " * 60, "128 is the most"),
        ("passwordpassword", "repeats itself"),
        ("iloveyou iloveyou", "repeats itself"),
        ("aaaaaaaaaaaaaaaaaaaa", "repeats itself"),
        ("abcdefghijklmnopq", "runs through the alphabet"),
        ("123456789012345", "many people use"),
        ("qwertyuiop asdfghjkl", "many people use"),
        ("rtyuiop[]fghjkl;'", "keyboard"),
        ("P@ssw0rd P@ssw0rd1", "easy to guess|many people use|repeats"),
        ("monkey dragon baseball", "many people use"),
        ("watchword passcode", "this account or service"),
        ("Alma Grey YL92CN", "this account or service"),
        ("alma.grey@example.org", "this account or service"),
    ],
)
def test_a_weak_passcode_is_refused_with_its_reason(passcode: str, reason: str) -> None:
    context = ["Alma", "Grey", "YL92CN", "alma.grey@example.org"]
    found = check(passcode, context)
    assert found is not None
    assert any(part in found for part in reason.split("|")), found
    assert not {word for word in passcode.casefold().split() if word in found.split()}, "no part of it is repeated"


@pytest.mark.parametrize(
    "passcode",
    [
        GOOD,
        "correct horse battery staple",
        "the cat sat on the mat",
        "ça va très bien aujourd'hui",
        "我们明天早上在火车站前面的咖啡馆见面",
        "no digits or capitals wanted",
        " ".join(words()[:2000:250])[:64],
        " ".join(words()[:4000:200])[:LONGEST],
    ],
)
def test_a_good_passcode_is_taken_whatever_it_is_made_of(passcode: str) -> None:
    assert check(passcode) is None


def test_lengths_at_the_border() -> None:
    text = "plovermarginteapotsixtyglacier" * 9
    letters = "".join(Random(7).choices("abcdefghjkmnpqrstuvwxyz", k=200))
    assert check(letters[:SHORTEST]) is None
    assert check(letters[: SHORTEST - 1]) is not None
    assert check(letters[:LONGEST]) is None
    assert check(letters[: LONGEST + 1]) is not None
    assert check(text[:64]) is None


def test_context_is_not_kept_for_the_next_caller() -> None:
    assert check("xylophagous zebu", ["xylophagous", "zebu"]) is not None
    assert check("xylophagous zebu") is None


@given(text=st.text(max_size=150), words=st.lists(st.text(max_size=20), max_size=3))
def test_any_text_gets_an_answer(text: str, words: list[str]) -> None:
    reason = check(text, words)
    assert reason is None or reason.endswith(("another", "the most"))


# --- passphrases ------------------------------------------------------------------------------------------------------


def test_passphrases_are_long_enough_to_hold_against_guessing() -> None:
    choices = 1
    for drawn in range(WORDS):
        choices *= len(words()) - drawn
    assert log2(choices) >= 64
    assert all(word.isascii() and word.isalpha() and word.islower() for word in words())


def test_passphrases_differ_and_pass_the_rules() -> None:
    made = [generate() for _ in range(200)]
    assert len(set(made)) == 200
    assert {check(phrase) for phrase in made} == {None}
    assert {spoken(phrase) for phrase in made} == set(made)
    assert {len(phrase.split()) for phrase in made} == {WORDS}


def test_the_dice_decide_and_no_word_comes_twice() -> None:
    rolls = iter([0, 0, 1, 0, 2, 3, 1, len(words()) - 1])
    assert generate(lambda n: next(rolls)) == " ".join([*words()[:4], words()[-1]])

"""The outbox: a message reaches the customer's own channel whole and signed, or not at all; no error tells of it."""

import asyncio
import hmac
import json
import logging
import stat
import time
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.outbox import DirectoryOutbox, HttpOutbox, Message, OutboxUnavailable, outbox_for
from service.outbox.gateway import signature
from tests.answering import Answering, Reply

SECRET = "a secret of the gateway"
MESSAGE = Message("m1", "email", "canary@example.org", "call_back_phrase", {"phrase": "canary margin teapot"})
SENT = {
    "message_id": "m1",
    "to_kind": "email",
    "to_value": "canary@example.org",
    "template": "call_back_phrase",
    "fields": {"phrase": "canary margin teapot"},
}


class Gateway(Answering):
    """Keeps what it is sent, and answers as it is told to."""

    def __init__(self) -> None:
        self.received: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[int] = []
        self.delay_s = 0.0
        super().__init__()
        self.url += "/messages?key=canary"

    def answer(self, path: str, headers: dict[str, str], body: bytes) -> Reply:
        self.received.append((headers, body))
        time.sleep(self.delay_s)
        return Reply(self.answers.pop(0) if self.answers else 202)


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    gateway = Gateway()
    yield gateway
    gateway.close()


def said(error: BaseException) -> str:
    """What a log would show of an error and of those it is chained to, without the lines of this file."""
    chain = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    own = "".join(traceback.format_exception_only(error)) + repr(error) + repr(vars(error))
    return own + (said(chain) if chain else "")


def names_in(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def test_a_message_shows_neither_whom_it_is_for_nor_what_it_says() -> None:
    shown = repr(MESSAGE) + str(MESSAGE) + repr([MESSAGE])
    assert "canary" not in shown
    assert "call_back_phrase" in shown


# --- a folder ---------------------------------------------------------------------------------------------------------


async def test_each_message_is_a_file_for_its_owner_alone(tmp_path: Path) -> None:
    outbox = DirectoryOutbox(tmp_path / "outbox")
    await asyncio.gather(*(outbox.deliver(Message(f"m{n}", "phone", "+44", "passcode_link", {})) for n in range(5)))
    await outbox.deliver(MESSAGE)
    await outbox.deliver(MESSAGE)
    files = sorted((tmp_path / "outbox").iterdir())
    assert [file.name for file in files] == [f"m{n}.json" for n in range(5)]
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert stat.S_IMODE((tmp_path / "outbox").stat().st_mode) == 0o700
    assert json.loads(files[1].read_bytes()) == SENT


@pytest.mark.parametrize("message_id", ["", "../m1", "a/b", ".hidden", "a\0b"])
async def test_an_id_that_leads_out_of_the_folder_is_refused(tmp_path: Path, message_id: str) -> None:
    with pytest.raises(ValueError, match="id"):
        await DirectoryOutbox(tmp_path).deliver(Message(message_id, "phone", "+44", "passcode_link", {}))
    assert names_in(tmp_path) == []


async def test_a_folder_that_cannot_be_written_is_said_and_leaves_nothing(tmp_path: Path) -> None:
    blocked = tmp_path / "outbox"
    blocked.write_text("in the way")
    with pytest.raises(OutboxUnavailable, match="cannot be written") as caught:
        await DirectoryOutbox(blocked).deliver(MESSAGE)
    assert "canary" not in said(caught.value)
    (tmp_path / "there" / "m1.json").mkdir(parents=True)
    with pytest.raises(OutboxUnavailable):
        await DirectoryOutbox(tmp_path / "there").deliver(MESSAGE)
    assert names_in(tmp_path / "there") == ["m1.json"]


# --- a gateway --------------------------------------------------------------------------------------------------------


async def test_a_message_is_posted_signed(gateway: Gateway, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    await HttpOutbox(gateway.url, SECRET, now=lambda: 1_800_000_000.7).deliver(MESSAGE)
    ((headers, body),) = gateway.received
    assert json.loads(body) == SENT
    assert headers["Content-Type"] == "application/json"
    assert headers["Idempotency-Key"] == "m1"
    expected = hmac.new(SECRET.encode(), b"1800000000." + body, "sha256").hexdigest()
    assert headers["Watchword-Signature"] == f"t=1800000000,v1={expected}"
    assert signature(SECRET.encode(), 1_800_000_000, body + b" ") != headers["Watchword-Signature"]
    assert "canary" not in caplog.text


@pytest.mark.parametrize(
    "answers, tries, delivered",
    [
        ([200], 1, True),
        ([503, 202], 2, True),
        ([500, 502], 2, False),
        ([400], 1, False),
        ([401], 1, False),
        ([302], 1, False),
    ],
)
async def test_it_is_tried_again_once_where_that_may_help(
    gateway: Gateway, answers: list[int], tries: int, *, delivered: bool
) -> None:
    gateway.answers = list(answers)
    outbox = HttpOutbox(gateway.url, SECRET)
    if delivered:
        await outbox.deliver(MESSAGE)
    else:
        with pytest.raises(OutboxUnavailable, match=f"answered {answers[-1]}") as caught:
            await outbox.deliver(MESSAGE)
        assert "canary" not in said(caught.value)
    assert len(gateway.received) == tries
    assert {headers["Idempotency-Key"] for headers, _ in gateway.received} == {"m1"}


async def test_a_gateway_that_does_not_answer_is_given_up(gateway: Gateway) -> None:
    gateway.delay_s = 0.4
    began = time.monotonic()
    with pytest.raises(OutboxUnavailable, match="ReadTimeout") as caught:
        await HttpOutbox(gateway.url, SECRET, timeout_s=0.1).deliver(MESSAGE)
    assert time.monotonic() - began < 5
    assert "canary" not in said(caught.value)


async def test_a_gateway_that_is_not_there_is_said_without_its_address(gateway: Gateway) -> None:
    gateway.close()
    outbox = HttpOutbox(gateway.url, SECRET)
    with pytest.raises(OutboxUnavailable, match="ConnectError") as caught:
        await outbox.deliver(MESSAGE)
    assert "canary" not in said(caught.value) + repr(outbox)
    assert "127.0.0.1" not in said(caught.value)


def test_the_settings_choose(tmp_path: Path) -> None:
    assert isinstance(outbox_for(tmp_path), DirectoryOutbox)
    assert isinstance(outbox_for(tmp_path, url="https://gateway.example/", secret=SECRET), HttpOutbox)
    with pytest.raises(ValueError, match="WATCHWORD_OUTBOX_SECRET must have 16") as short:
        outbox_for(tmp_path, url="https://gateway.example/", secret="canary")
    with pytest.raises(ValueError, match="WATCHWORD_OUTBOX_URL must begin with https") as open_way:
        outbox_for(tmp_path, url="http://canary.example/", secret=SECRET)
    assert "canary" not in said(short.value) + said(open_way.value)

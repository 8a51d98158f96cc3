"""How commands end: the documented codes, one line on stderr that says what to do, and never a traceback."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.cli import booking, exits
from service.cli.exits import Code, Failed
from service.demo.papers import OLD_TRIP
from service.demo.running import Running
from tests.answering import Answering, Reply
from tests.service.test_cli import AGENT, AUDITOR, BACK_OFFICE, DOCUMENTS, FATES, SAFETY, Ran, Run, run, written

__all__ = ["run"]  # the fixture
NOBODY = "0" * 32


def one_line(ran: Ran, code: Code) -> str:
    """The one line that a command failed with, and nothing on stdout."""
    assert (ran.code, ran.out) == (code, ""), ran.err
    (line,) = ran.err.splitlines()
    assert line.startswith("watchword: ")
    return line.removeprefix("watchword: ")


def test_a_refused_command_names_the_place_and_what_to_do(server: Running, run: Run) -> None:
    for words, who, place in (
        (["history", NOBODY], AUDITOR, "account_id"),
        (["protect", "confirm", NOBODY, NOBODY], SAFETY, "account_id"),
        (["ask", NOBODY, "--locator", "X"], AGENT, "interaction_id"),
        (["interaction", "bind", "../../x", "--locator", "X", "--surname", "Y"], AGENT, ""),
        (["account", "open", "--reference", "a b"], BACK_OFFICE, "reference"),
        (["account", "open", "--reference", "x" * 65], BACK_OFFICE, "reference"),
        (["booking", "split", NOBODY, "--reason", "", *FATES], SAFETY, "reason"),
        (["account", "open", "--key", "k" * 129], BACK_OFFICE, "Idempotency-Key"),
    ):  # fmt: skip
        line = one_line(run(*words, at=server, who=who), Code.REFUSED)
        assert place in line


def test_a_bad_link_is_refused_and_no_secret_is_repeated(server: Running, run: Run) -> None:
    ran = run("passcode", "choose", "--passcode-stdin", at=server, stdin="0123.abc\ncopper lantern orchard velvet\n")
    assert "copper" not in one_line(ran, Code.REFUSED)


def test_no_token_a_bad_token_and_the_wrong_role_are_not_authorised(server: Running, run: Run) -> None:
    assert "token" in one_line(run("history", NOBODY, at=server), Code.UNAUTHORISED)
    assert "new token" in one_line(run("history", NOBODY, "--token", "x.y.z", at=server), Code.UNAUTHORISED)
    assert "role" in one_line(run("history", NOBODY, at=server, who=AGENT), Code.UNAUTHORISED)


@pytest.mark.parametrize(
    "words",
    [
        ["ask", "X", "--locator", "Y", "--classes", "EX"],
        ["ask", "X", "--locator", "Y", "--booking", "Z"],
        ["ask", "X", "--classes", ""],
        ["protect", "start", "A", "P"],
        ["protect", "start", "A", "P", "--safe-phone", "1", "--safe-email", "2"],
        ["history", "A", "--url", "ftp://x"],
        ["history", "A", "--url", "http://x:port"],
        ["history", "A", "--token", "a\nb"],
        ["interaction", "verify", "I"],
        ["interaction", "verify", "I", "--passcode-stdin"],
        ["passcode", "choose"],
        ["booking", "import", "A", "one", "--traveller", "t1"],
        ["booking", "import", "A", "one", "two", "--booking", "B"],
        ["policy", "adopt", "there-is-no-such-file"],
    ],
    ids=" ".join,
)
def test_a_wrong_command_line_is_a_usage_error_and_nothing_is_sent(run: Run, words: list[str]) -> None:
    one_line(run(*words), Code.USAGE)


@pytest.mark.parametrize(
    "words",
    [
        ["account", "add-party", "A", "--kind", "friend"],
        ["booking", "split", "B", "--reason", "r"],
        ["history", "A", "--limit", "0"],
        ["history", "A", "--limit", "201"],
        ["interaction", "open"],
        ["token", "--sub", "agent-7"],
        ["token", "--sub", "agent-7", "--role", "king"],
        ["token", "--sub", "agent-7", "--role", "agent", "--tier", "4"],
        ["nothing"],
        ["history"],
        ["interaction", "verify", "I", "a passcode"],
    ],
    ids=" ".join,
)
def test_what_typer_finds_wrong_is_a_usage_error_too(run: Run, words: list[str]) -> None:
    ran = run(*words)
    assert (ran.code, ran.out) == (Code.USAGE, "")
    assert "Traceback" not in ran.err


def test_nobody_there(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    line = one_line(run("history", "A", "--url", f"http://user:secret@127.0.0.1:{port}"), Code.UNAVAILABLE)
    assert "there is no service" in line
    assert "secret" not in line


class Odd(Answering):
    """Something at the URL that is not Watchword."""

    def answer(self, path: str, headers: dict[str, str], body: bytes) -> Reply:
        answers = {"/v1/policy": Reply(200, b"<html>"), "/v1/accounts/A/history": Reply(502, b"bad gateway")}
        return answers[path.partition("?")[0]]


@pytest.fixture
def odd() -> Iterator[str]:
    server = Odd()
    yield server.url
    server.close()


def test_something_else_is_there(odd: str, run: Run) -> None:
    assert "not Watchword" in one_line(run("policy", "show", "--url", odd), Code.UNAVAILABLE)
    assert "not Watchword" in one_line(run("policy", "show", "--json", "--url", odd), Code.UNAVAILABLE)
    assert "[502]" in one_line(run("history", "A", "--url", odd), Code.UNAVAILABLE)


def test_many_documents_the_bad_ones_are_named_and_the_others_go_on(server: Running, run: Run, tmp_path: Path) -> None:
    account = run("account", "open", "--json", at=server, who=BACK_OFFICE).told()["account_id"]
    nobody = written(tmp_path, "nobody.json", {**OLD_TRIP, "travellers": []})
    good = written(tmp_path, "good.json", OLD_TRIP)
    broken = tmp_path / "broken.json"
    broken.write_text('{"travellers": [')
    entity = tmp_path / "entity.xml"
    entity.write_text('<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><PNR_Reply>&e;</PNR_Reply>')
    missing = tmp_path / "missing.json"
    latin = tmp_path / "latin.xml"
    latin.write_bytes(b"<PNR_Reply>\xe9</PNR_Reply>")
    large = written(tmp_path, "large.json", {**OLD_TRIP, "remarks": [{"kind": "remark", "text": "x" * 3_000_000}]})
    files = [nobody, str(broken), good, str(entity), str(missing), str(latin), large]
    ran = run("booking", "import", account, *files, at=server, who=BACK_OFFICE)
    assert ran.code == Code.REFUSED
    assert ran.out.startswith(f"{good}: booking ")
    assert len(ran.out.splitlines()) == 1
    lines = ran.err.splitlines()
    named = [line.partition(": ")[0] for line in lines]
    assert named == [
        nobody,
        str(broken),
        str(entity),
        str(missing),
        str(latin),
        large,
        "1 of 7 documents imported",
        "watchword",
    ]
    assert "document: /travellers" in lines[0]
    assert "6 of 7 documents were refused" in lines[-1]
    assert "root:" not in ran.err


def test_many_documents_as_json(server: Running, run: Run, tmp_path: Path) -> None:
    account = run("account", "open", "--json", at=server, who=BACK_OFFICE).told()["account_id"]
    good, bad = written(tmp_path, "good.json", OLD_TRIP), written(tmp_path, "bad.json", {"x": 1})
    ran = run("booking", "import", account, bad, good, "--json", at=server, who=BACK_OFFICE)
    assert ran.code == Code.REFUSED
    first, second = (json.loads(line) for line in ran.out.splitlines())
    assert first.keys() == {"file", "problem"}
    assert second.keys() >= {"file", "booking_id", "travellers", "held_version"}
    assert second["file"] == good
    assert ran.err.splitlines()[1:-1] == ["1 of 2 documents imported"]


@pytest.mark.parametrize("file", ["amadeus_family.xml", "duffel_pair.json", "watchword_pair.json"])
def test_the_format_is_told_by_the_content(server: Running, run: Run, file: str) -> None:
    account = run("account", "open", "--json", at=server, who=BACK_OFFICE).told()["account_id"]
    told = run("booking", "import", account, str(DOCUMENTS / file), "--json", at=server, who=BACK_OFFICE).told()
    assert len(told["travellers"]) >= 2


def test_without_a_right_to_import_the_first_document_is_the_last(server: Running, run: Run, tmp_path: Path) -> None:
    files = [written(tmp_path, f"{n}.json", OLD_TRIP) for n in range(3)]
    one_line(run("booking", "import", NOBODY, *files, at=server, who=AGENT), Code.UNAUTHORISED)


def test_a_split_with_a_document_that_cannot_be_read_names_the_file(run: Run, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("[]")
    words = ["booking", "split", "B", "--reason", "r", *FATES, "--document", str(tmp_path / "x.json")]
    assert "x.json: it is neither XML nor a JSON object" in one_line(run(*words), Code.REFUSED)


def test_what_the_service_says_cannot_steer_the_terminal() -> None:
    failed = Failed(Code.REFUSED, "a\x1b[31mred\x07\x9b")
    assert failed.line == "a�[31mred��"
    assert exits.problem(422, b'{"title":"T","detail":"d\\u001b","place":"p"}').line == "T: d� (at p) [422]"


def test_a_fault_of_ours_is_a_line_too(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("a value that is personal")

    monkeypatch.setattr(booking, "_more", broken)
    line = one_line(run("booking", "import", "A", "file"), Code.UNTRUE)
    where = f"{Path(__file__).name}:{broken.__code__.co_firstlineno + 1}"
    assert line == f"this is a fault of the command line: ZeroDivisionError at {where}"

"""The log dealt out to several who read it at once: each contact, and what was decided in it, to one of them."""

from __future__ import annotations

from service.log import Append, EventLog
from tests.contract.conftest import event

A, B = "a" * 31 + "1", "b" * 31 + "2"


def decided(contact: str) -> bytes:
    """An event as it is stored, decided in this contact."""
    return b'{"header":{"interaction":"%s"},"event":{"interaction":"none of these"}}' % contact.encode()


def test_contacts_are_dealt_out_with_what_was_decided_in_them(log: EventLog) -> None:
    for stream, name, state in (
        (f"interaction:{A}", "contact.opened.v1", b"{}"),
        (f"interaction:{B}", "contact.opened.v1", b"{}"),
        ("account:x", "account.opened.v1", decided(A)),
        ("account:x", "decided.v1", decided(A)),
        ("account:x", "decided.v1", decided(B)),
        ("account:x", "decided.v1", b"{}"),
        ("incident:x", "incident.opened.v1", b"{}"),
        ("accounts:x", "account.opened.v1", b"{}"),
        (f"interaction:{B}", "decided.v1", decided(B)),
    ):
        version = log.heads([stream])[stream]
        log.append(Append(events=(event(stream, version + 1, name=name, state=state),), expect={stream: version}))

    def read(last: str, others: str, gt: int = 0, lte: int = 99) -> dict[int, bool]:
        """The positions that are read, and whether with their state."""
        rows = log.dealt(("account",), "interaction", ("decided.v1",), gt=gt, lte=lte, last=last, others=others)
        assert [row[4] for row in rows] == sorted(row[4] for row in rows)
        whole = {each.id: each for each in log.read_all(limit=99)}
        for stream, version, name, state, position in rows:
            stored = whole[position]
            assert (stream, version, name) == (stored.originator_id, stored.originator_version, stored.topic)
            assert state is None or bytes(state) == stored.state
        return {row[4]: row[3] is not None for row in rows}

    assert read("", "") == dict.fromkeys((1, 2, 3, 4, 5, 6, 9), True)
    assert read("1", "") == {1: True, 3: True, 4: True, 5: False, 6: False}
    # Who has the rest also has what names no contact.
    assert read("", "1") == {2: True, 3: True, 4: False, 5: True, 6: True, 9: True}
    assert read("1", "", gt=1, lte=4) == {3: True, 4: True}

"""Memory: 50,000 accounts held folded, in a process of its own.

Held are, for each: the account's state (two people with their marks and sealed profiles), the state of its booking (a
Duffel order's document in three sealed parts), both as decoded from what the log stores, and the three keys. What is
told is how much larger the process became.
"""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.figure import Figure, Run, Unsound
from benchmarks.order import FORMAT, locator, order
from domain import account, booking
from domain.account import AccountOpened, BookingAdded
from domain.attempt import DisclosureAttempted, Heard
from domain.booking import BookingImported
from domain.document import attribute, parts, people
from domain.event import Actor, Event, Header
from domain.party import PartyAdded
from projections.access import Access, Folded
from projections.folding import State, empty, fold
from service.chance import identifier
from service.desk.desk import sealed
from service.desk.opened import part
from service.documents import read
from service.log import migrate_keys
from service.sealing import Codec, KeyRing, Marks, MasterKey

ACCOUNTS = 50_000
BATCH = 500
ATTEMPTS = 3
MB = 1_000_000
WARM = 20
KINDS = ("surname", "given_name", "date_of_birth", "email")


def figures(run: Run) -> Iterator[Figure]:
    """Measure."""
    run.say(f"memory: folding {ACCOUNTS:,} accounts in a process of its own")
    command = [sys.executable, "-m", "benchmarks.memory", str(run.folder)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise Unsound("the process that holds the accounts failed; its error is above")
    yield Figure("memory.accounts", float(done.stdout), "MB")


class Holder:
    """Accounts held as the service holds them."""

    def __init__(self, folder: Path) -> None:
        """Begin with none."""
        url = f"sqlite:///{folder / 'keys.sqlite'}"
        migrate_keys(url)
        secret = MasterKey(bytes(range(32)))
        self.keys = KeyRing(url, secret, most_cached=4 * ACCOUNTS)
        self.codec = Codec(self.keys)
        self.marks = Marks(secret, self.keys)
        self.access: Access[None] = Access()

    def add(self, first: int, count: int) -> None:
        """Hold this many more, numbered from `first`."""
        made = [(number, [identifier() for _ in range(4)]) for number in range(first, first + count)]
        self.keys.ensure([each for _, (_, *subjects) in made for each in subjects])
        for number, (account_id, booking_id, *parties) in made:
            self._one(number, account_id, booking_id, parties)

    def _one(self, number: int, account_id: str, booking_id: str, parties: list[str]) -> None:
        document = read(FORMAT, order(number))
        refs = [ref for traveller in document.travellers for ref in traveller.subjects]
        attributed = attribute(document, dict(zip(refs, parties, strict=True)), None)
        profile = {"surname": "Okafor", "given_name": "Ngozi", "email": "ngozi@example.org", "phone": "+447700900123"}
        on_account: list[Event] = [AccountOpened(reference=f"crm-{number}")]
        for party_id in parties:
            marks = tuple(self.marks.fact(party_id, kind, f"{kind} {number}") for kind in KINDS)
            added = PartyAdded(party_id=party_id, kind="traveller", marks=marks, profile=sealed(party_id, profile))
            on_account.append(added)
        on_account.append(BookingAdded(booking_id=booking_id))
        on_account += [_attempt(booking_id, parties[0])] * ATTEMPTS
        imported = BookingImported(
            account_id=account_id,
            source=document.source,
            people=people(attributed),
            locators=(self.marks.locator(locator(number)), self.marks.locator(f"N{number:05d}")),
            parts=tuple(part(subject or booking_id, piece) for subject, piece in parts(attributed).items()),
            stale=False,
            withheld_from_view=False,
        )
        self._fold(account.stream(account_id), on_account)
        self._fold(booking.stream(booking_id), [imported])

    def _fold(self, stream: str, events: list[Event]) -> None:
        state: State = empty(stream)
        version = 0
        for version, happened in enumerate(events, 1):
            header = Header(identifier(), datetime.now(UTC), Actor("office-1", "back_office"), identifier())
            stored, _ = self.codec.encode(happened, header, stream, version)
            _, as_read = self.codec.decode(stored)
            state = fold(state, as_read, header, version)
        self.access.put(stream, Folded(state, version))


def _attempt(booking_id: str, party_id: str) -> Event:
    return DisclosureAttempted(
        decision_id=identifier(),
        asked="booking",
        bookings=(booking_id,),
        classes="EI",
        purpose="service",
        outcome="disclosed",
        view="held",
        rules=("customer-hears-the-travel",),
        listeners=(Heard("caller", "identified", "none", party_id),),
        judged_at={},
    )


def resident() -> int:
    """Bytes of this process in memory now."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def main() -> None:
    """Hold them, and say how many MB that took."""
    holder = Holder(Path(sys.argv[1]))
    holder.add(ACCOUNTS, WARM)  # so that what is loaded and cached once does not count
    before = resident()
    for first in range(0, ACCOUNTS, BATCH):
        holder.add(first, BATCH)
    if len(holder.access) != 2 * (ACCOUNTS + WARM):
        raise Unsound(f"{len(holder.access)} streams are held")
    print((resident() - before) / MB)


if __name__ == "__main__":
    main()

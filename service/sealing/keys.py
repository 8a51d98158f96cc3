"""The ring of keys: those of each data subject, wrapped by the master key, in a database apart from the log.

A subject's values are sealed with its newest key and opened with the one they name, so that a key can be followed by
another without a byte of the log being written anew. What is about one person alone is forgotten for good; of a subject
that goes on (an account) the keys up to now are destroyed, and what is said next has a new one.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from domain.forgetting import Gone
from service.sealing.errors import KeyMissing, KeysUnavailable, WrongMasterKey
from service.sealing.master import CHECK, FIRST, derived
from service.sealing.store import FOR_GOOD, Found, KeyStore, Row, Superseded, living
from service.sealing.wrapping import Wrapping, named

__all__ = ["KeyRing"]

SIZE = 32
MOST_CACHED = 131_072  # about 25 MB
ROOT = "watchword:root"  # nobody's: from its key follow those of marks and signatures, whatever wraps it
TRIES = 5
RENEWED_EVERY_S = 1.0

T = TypeVar("T")


class _Held:
    """A subject's keys as they are at hand: by generation from 1 on, None for one that was destroyed.

    None of them at all where the subject is forgotten for good. `used`: since it was last looked at for its place.
    """

    __slots__ = ("keys", "used")

    def __init__(self, keys: tuple[bytes | None, ...]) -> None:
        self.keys = keys
        self.used = False


class KeyRing:
    """The keys of the data subjects. Blocking, and safe to use from several threads.

    Its tables are made by `service.log.migrate_keys`. Everything that reaches the database raises KeysUnavailable where
    it, or what wraps the keys, cannot be reached, WrongMasterKey where what it holds was wrapped by another master key.
    """

    def __init__(
        self,
        url: str,
        wrapping: Wrapping,
        *,
        most_cached: int = MOST_CACHED,
        timeout_s: float = 5.0,
        renewed: Callable[[], Wrapping] | None = None,
    ) -> None:
        """Use the database at `url`; nothing is connected yet. Raises ValueError for a URL that cannot be read.

        `renewed` looks for the master key once more, where another may have been put in use meanwhile.
        """
        self.store = KeyStore(url, timeout_s)
        self._wrapping = wrapping
        self._renewed = renewed
        self._renewed_at = 0.0
        self._most = most_cached
        self._lock = threading.Lock()
        self._root: bytes | None = None
        self._epoch = 0  # how often keys were let go of
        self._cache: dict[str, _Held] = {}  # read without the lock: a dict's own get is whole

    def __repr__(self) -> str:
        """Say nothing of the keys."""
        return f"KeyRing({len(self._cache)} cached)"

    @property
    def wrapping(self) -> Wrapping:
        """What wraps the keys now."""
        return self._wrapping

    def check(self) -> None:
        """Prove that the database can be read and that this is its master key; called at start, and when asked."""
        found = self.store.read([CHECK, ROOT])
        if not found.get(CHECK):
            self.ensure([CHECK])
        elif FOR_GOOD in found[CHECK]:
            raise KeyMissing(CHECK)
        else:
            self._wrapped_by(lambda wrapping: wrapping.unwrap([(CHECK, found[CHECK][1])]))
        if self._root is None:
            self._find_root(found)

    def derive(self, purpose: str) -> bytes:
        """A key of 32 bytes for one purpose of the installation's own. It stays when the master key is changed.

        It never waits: raises KeysUnavailable until `check` has reached the keys once.
        """
        if self._root is None:
            raise KeysUnavailable("the keys have not been reached yet")
        return derived(self._root, purpose)

    def has_all(self, subjects: Iterable[str]) -> bool:
        """Whether the newest keys of all these are at hand, without asking the database."""
        for subject in subjects:
            held = self._cache.get(subject)
            if held is None or not held.keys or held.keys[-1] is None:
                return False
            held.used = True
        return True

    def current(self, subject: str) -> tuple[int, bytes]:
        """The newest key of this subject, and which it is, from memory where it is there. Raises KeyMissing."""
        keys = self._held(subject, 1)
        if not keys or keys[-1] is None:
            raise KeyMissing(subject)
        return len(keys), keys[-1]

    def key(self, subject: str, generation: int = 0) -> bytes:
        """The 32 bytes of this subject, of this generation or the newest. Raises KeyMissing."""
        if not generation:
            return self.current(subject)[1]
        keys = self._held(subject, generation) or ()
        found = keys[generation - 1] if generation <= len(keys) else None
        if found is None:
            raise KeyMissing(subject)
        return found

    def fetch(self, subjects: Iterable[str]) -> None:
        """Have the keys of these at hand, where they have any: in one go, before they are needed one by one."""
        wanted = sorted({subject for subject in subjects if subject not in self._cache})
        if wanted:
            self._read(wanted)

    def forgotten(self, subject: str) -> bool:
        """Whether this subject's keys were destroyed: something was sealed under them, and nobody opens it again."""
        keys = self._held(subject, 1)
        return keys is not None and (not keys or None in keys)

    def ensure(self, subjects: Iterable[str]) -> None:
        """Make the keys that are missing, durably, before anything is sealed with one; and have them all at hand.

        Replicas that do this for the same subject at the same time end with the same key. Raises KeyMissing for a
        subject that is forgotten for good: nothing may be written about such a person.
        """
        # Sorted: two replicas that wait for each other's rows do so in the same order.
        self._make(sorted({subject for subject in subjects if not self.has_all((subject,))}), anew=False)

    def renew(self, subjects: Iterable[str]) -> None:
        """Make another key for each of these, with which whatever is sealed from now on is. Raises KeyMissing."""
        self._make(sorted(set(subjects)), anew=True)

    def destroy(self, *gone: Gone | str) -> int:
        """Destroy keys: of a subject's id all, for good. Returns how many there were that held something."""
        wanted = [Gone(each) if isinstance(each, str) else each for each in gone]
        count = self.store.destroy(wanted)
        self.drop([each.subject for each in wanted])
        return count

    def drop(self, subjects: Iterable[str]) -> None:
        """Let go of these in memory: what there is of them is read anew."""
        with self._lock:
            self._epoch += 1
            for subject in subjects:
                self._cache.pop(subject, None)

    def close(self) -> None:
        """Close the connections and drop every key from memory."""
        with self._lock:
            self._cache.clear()
            self._root = None
        self.store.close()

    def _held(self, subject: str, generation: int) -> tuple[bytes | None, ...] | None:
        """The subject's keys, None where it never had one.

        Read anew where there is none in memory of that generation: another replica may have made it.
        """
        held = self._cache.get(subject)
        if held is None or (held.keys and len(held.keys) < generation):
            return self._read([subject]).get(subject)
        held.used = True
        return held.keys

    def _read(self, subjects: list[str]) -> dict[str, tuple[bytes | None, ...]]:
        epoch = self._epoch
        return self._remember(subjects, self.store.read(subjects), epoch)

    def _make(self, wanted: list[str], *, anew: bool) -> None:
        if not wanted:
            return
        for _ in range(TRIES):
            epoch = self._epoch
            found = self.store.read([CHECK, *wanted])
            for subject in wanted:
                if FOR_GOOD in found.get(subject, {}):
                    self._remember([subject], found, epoch)
                    raise KeyMissing(subject)
            missing = [s for s in wanted if anew or not living(found.get(s, {}))]
            try:
                made = self._made(missing, found) if missing else {}
            except Superseded:
                continue
            self._remember(wanted, found | made, epoch)
            return
        raise KeysUnavailable("keys could not be made: another master key is being put in use")

    def _made(self, subjects: list[str], before: Found) -> Found:
        """Make a next key for each of these. Raises Superseded, KeysUnavailable, WrongMasterKey."""
        in_use = before.get(CHECK, {}).get(1, b"")
        keys = [(named(s, max(before.get(s, {0: b""})) + 1), os.urandom(SIZE)) for s in subjects]
        wrapped = self._wrapped_by(lambda wrapping: wrapping.wrap(keys, in_use))
        now = time.time()
        rows = [Row(s, max(before.get(s, {0: b""})) + 1, each, now) for s, each in zip(subjects, wrapped, strict=True)]
        return self.store.add(rows, in_use=in_use)

    def _find_root(self, found: Found) -> None:
        """The secret that marks and signatures follow from; made on first start.

        In an installation of the first release it is the master key of then, from which they followed.
        """
        kept = found.get(ROOT)
        if not kept:
            original = self._wrapping.original()
            if found.get(CHECK, {}).get(1, b"")[:1] == FIRST and original is not None:
                in_use = found[CHECK][1]
                (wrapped,) = self._wrapped_by(lambda wrapping: wrapping.wrap([(ROOT, original)], in_use))
                self.store.add([Row(ROOT, 1, wrapped, time.time())], in_use=in_use)
            else:
                self.ensure([ROOT])
            kept = self.store.read([ROOT])[ROOT]
        if FOR_GOOD in kept:
            raise KeyMissing(ROOT)
        (self._root,) = self._wrapped_by(lambda wrapping: wrapping.unwrap([(ROOT, kept[1])]))

    def _wrapped_by(self, work: Callable[[Wrapping], T]) -> T:
        """Do this with the master key; and where that is not the one, once more with the one there is by now."""
        try:
            return work(self._wrapping)
        except WrongMasterKey:
            if self._renewed is None or time.monotonic() < self._renewed_at + RENEWED_EVERY_S:
                raise
            self._renewed_at = time.monotonic()
            self._wrapping = self._renewed()
        return work(self._wrapping)

    def _remember(
        self, wanted: Iterable[str], found: Mapping[str, Mapping[int, bytes]], epoch: int
    ) -> dict[str, tuple[bytes | None, ...]]:
        """Hold what was read, unless keys were let go of since: what was read before is not to come back by it."""
        asked = [(s, found[s]) for s in wanted if found.get(s)]
        full = [(named(s, g), each) for s, rows in asked if FOR_GOOD not in rows for g, each in rows.items() if each]
        opened = dict(zip((name for name, _ in full), self._unwrapped(full), strict=True))
        keys = {
            s: tuple([opened.get(named(s, g)) for g in range(1, 1 + (0 if FOR_GOOD in rows else max(rows)))])
            for s, rows in asked
        }
        with self._lock:
            if epoch != self._epoch:
                return keys
            for subject, held in keys.items():
                self._cache.pop(subject, None)
                self._cache[subject] = _Held(held)
            while len(self._cache) > self._most:  # oldest first, but for those in use, which have another turn
                oldest = next(iter(self._cache))
                last = self._cache.pop(oldest)
                if last.used:
                    last.used = False
                    self._cache[oldest] = last
        return keys

    def _unwrapped(self, wrapped: list[tuple[str, bytes]]) -> list[bytes]:
        return self._wrapped_by(lambda wrapping: wrapping.unwrap(wrapped)) if wrapped else []

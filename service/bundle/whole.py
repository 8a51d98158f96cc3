"""Whether a bundle is whole: its seal, its manifests, and the digest of every file, so that each byte is answered for.

The order is what lets a fault name its file: the seal answers for the tag manifests, those for the tag files, and the
manifests among these for all that is carried.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from service.bundle import bag, layout
from service.bundle.bag import MANIFESTS, SEAL, TAG_MANIFESTS, Sums, listed
from service.bundle.fault import Fault
from service.bundle.note import Key, Note, Unreadable, key, note, signed_by, written
from service.bundle.source import MOST_READ, Source

NEEDED = (bag.DECLARATION, bag.INFO, *MANIFESTS, *TAG_MANIFESTS, SEAL)


class Whole(msgspec.Struct, frozen=True):
    """A bag whose tag files hold. `payload`: digests of its files by path; `signer`: whose key sealed it."""

    name: str
    payload: dict[str, tuple[str, str]]
    signer: Key


def checked(source: Source, trusted: Key | None) -> Whole:
    """Check the seal, the manifests and which files there are; `content` checks those under `data/`. Raises Fault."""
    for path in (*NEEDED, layout.KEY):
        if path not in source.sizes:
            raise Fault(path, "it is missing; this is no bundle, or not all of one")
    raw = source.read(SEAL)
    try:
        seal = note(raw)
    except Unreadable as error:
        raise Fault(SEAL, str(error)) from None
    signer = trusted or _own_key(source)
    signed = len(seal.signatures) == 1 and signed_by(seal, signer)
    if not signed:
        _blame(source, seal, signer, trusted)
    name = _name(source, seal, raw)
    return Whole(name, _payload(source, _tagged(source)), signer)


def content(source: Source, whole: Whole) -> Iterator[tuple[str, bytes]]:
    """Each file of the payload with its content, once its digests were found right. Raises Fault.

    Of a file that is too large to be read the content is left empty.
    """
    for path, digests in whole.payload.items():
        if source.sizes[path] <= MOST_READ:
            raw = source.read(path)
            _same(path, bag.summed(raw), digests)
        else:
            raw = b""
            _same(path, source.sums(path), digests)
        yield path, raw
    total = sum(source.sizes[path] for path in whole.payload)
    if bag.oxum(source.read(bag.INFO)) != (total, len(whole.payload)):
        raise Fault(bag.INFO, "its Payload-Oxum is not what is carried")


def _own_key(source: Source) -> Key:
    try:
        return key(source.read(layout.KEY).decode("ascii"))
    except (Unreadable, UnicodeDecodeError):
        raise Fault(layout.KEY, "it is no verifier key") from None


def _blame(source: Source, seal: Note, signer: Key, trusted: Key | None) -> None:
    """Raise the Fault that is nearest to the truth where the seal's signature does not hold.

    Whatever no longer fits the manifests was changed, the bag's own key among them; else it is the seal itself.
    """
    names = {(each.name, each.key_id) for each in seal.signatures}
    if trusted is not None and (trusted.name, trusted.key_id) not in names:
        raise Fault(SEAL, "it was not sealed by the key that was given, but by another")
    whole = Whole("", _payload(source, _tagged(source)), signer)
    for _ in content(source, whole):
        pass
    raise Fault(SEAL, "its signature does not hold")


def _name(source: Source, seal: Note, raw: bytes) -> str:
    """The bag's name, where the seal is over these tag manifests and is written in its one spelling."""
    lines = seal.text.split("\n")
    name = lines[1] if len(lines) > 1 else ""
    if lines[0] != bag.HEAD or not bag.safe(name):
        raise Fault(SEAL, "it is signed, and is no seal of an evidence bundle")
    tags = [source.read(path) for path in TAG_MANIFESTS]
    expected = bag.seal_text(name, tags)
    if seal.text != expected:
        for line, path in zip(expected.split("\n")[2:], TAG_MANIFESTS, strict=False):
            if line not in lines:
                raise Fault(path, "it is not what was sealed")
        raise Fault(SEAL, "it is signed, and is no seal of an evidence bundle")
    if raw != written(seal):
        raise Fault(SEAL, "it is not written as a seal is")
    if source.name and source.name != name:
        raise Fault(bag.DECLARATION, f"the bag is called {source.name} and was sealed as {name}")
    return name


def _tagged(source: Source) -> dict[str, tuple[str, str]]:
    """The tag files, each as the tag manifests say. Raises Fault."""
    tagged = _pair(source, TAG_MANIFESTS)
    there = {path for path in source.sizes if not path.startswith(bag.PAYLOAD)} - {*TAG_MANIFESTS, SEAL}
    _complete(tagged, there)
    for path, digests in tagged.items():
        _same(path, source.sums(path), digests)
    if source.read(bag.DECLARATION) != bag.BAGIT:
        raise Fault(bag.DECLARATION, "it does not declare BagIt 1.0 in UTF-8")
    return tagged


def _payload(source: Source, tagged: dict[str, tuple[str, str]]) -> dict[str, tuple[str, str]]:
    """The digests of the payload by path, where all of it is there and nothing else. Raises Fault."""
    for path in (*MANIFESTS, bag.INFO, bag.DECLARATION):
        if path not in tagged:
            raise Fault(TAG_MANIFESTS[0], f"it does not answer for {path}")
    if extra := tagged.keys() - {*MANIFESTS, bag.INFO, bag.DECLARATION, bag.TIMESTAMP}:
        raise Fault(min(extra), "no bundle has such a tag file")
    payload = _pair(source, MANIFESTS)
    if strays := [path for path in payload if not path.startswith(bag.PAYLOAD)]:
        raise Fault(MANIFESTS[0], f"it lists {strays[0]}, which is not under {bag.PAYLOAD}")
    _complete(payload, {path for path in source.sizes if path.startswith(bag.PAYLOAD)})
    return payload


def _pair(source: Source, paths: tuple[str, ...]) -> dict[str, tuple[str, str]]:
    """Two manifests of the same files, by both algorithms. Raises Fault."""
    found = []
    for number, path in enumerate(paths):
        one = listed(source.read(path), number)
        if one is None:
            raise Fault(path, "it is not written as a manifest is")
        found.append(one)
    first, second = found
    if first.keys() != second.keys():
        raise Fault(paths[1], f"it does not list the same files as {paths[0]}")
    return {path: (digest, second[path]) for path, digest in first.items()}


def _complete(told: dict[str, tuple[str, str]], there: set[str]) -> None:
    if missing := told.keys() - there:
        raise Fault(min(missing), "it is missing")
    if added := there - told.keys():
        raise Fault(min(added), "it was added: no manifest knows it")


def _same(path: str, found: Sums, digests: tuple[str, str]) -> None:
    if found.digests != digests:
        raise Fault(path, "it is not what it was when the bundle was made: its digest differs")

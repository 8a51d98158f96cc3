"""A bundle is found wanting wherever it was touched, by our verifier and by others, and never by a traceback."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import subprocess
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import bagit  # type: ignore[import-untyped]  # it ships no types
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st
from rfc3161_client import HashAlgorithm, TimestampRequestBuilder
from tlog_scales.signing import NoteSignature, Vkey
from tlog_scales.tiles import leaf_hash
from tlog_scales.tlog import Checkpoint as TheirCheckpoint
from tlog_scales.tlog import InclusionProof
from tlog_scales.utils import b64dec

from service.bundle import archive, bag, layout
from service.bundle.fault import Fault
from service.bundle.note import key
from service.bundle.source import Archived, Folder, Held
from service.bundle.stamped import certificates
from service.bundle.verify import opened, verify
from tests.bundles import Bundle, bundle, folder_of, resigned, signer
from tests.stamping import authority

DEEP = os.environ.get("WATCHWORD_TEST_PROFILE") == "deep"
SMALL = bundle(events=1, opened=False)
FILES = SMALL.files()
ARCHIVE = SMALL.archive()


def flips(content: bytes) -> Iterator[tuple[int, bytes]]:
    """The content with one bit of every byte turned, another bit for each; every bit of all, if that was asked for."""
    for at in range(len(content)):
        for bit in range(8) if DEEP else [at % 8]:
            changed = bytearray(content)
            changed[at] ^= 1 << bit
            yield at, bytes(changed)


def fault(files: dict[str, bytes], **how: object) -> Fault:
    with pytest.raises(Fault) as found:
        verify(Held(files), **how)  # type: ignore[arg-type]  # keywords of `verify`
    return found.value


# --- every byte ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("trusted", [False, True])
def test_every_single_byte_corruption_of_any_file_is_found_and_names_the_file(*, trusted: bool) -> None:
    tried = 0
    given_key = SMALL.key if trusted else None
    for path in FILES if not trusted or DEEP else (bag.SEAL, layout.KEY, *bag.TAG_MANIFESTS):
        for at, changed in flips(FILES[path]):
            try:
                verify(Held({**FILES, path: changed}), trusted=given_key)
            except Fault as error:
                assert error.file == path, (path, at, str(error))  # noqa: PT017 - a context for each of 20,000 is slow
            else:
                raise AssertionError(f"byte {at} of {path} may be another")
            tried += 1
    assert tried > 1_000


def test_every_single_byte_corruption_of_the_archive_is_found() -> None:
    for at, changed in flips(ARCHIVE):
        with contextlib.suppress(Fault):
            verify(Archived(io.BytesIO(changed)))
            raise AssertionError(f"byte {at} of the archive may be another")


def test_an_archive_cut_or_lengthened_anywhere_is_found() -> None:
    for cut in [*range(0, len(ARCHIVE), 97), len(ARCHIVE) - 1]:
        with pytest.raises(Fault):
            verify(Archived(io.BytesIO(ARCHIVE[:cut])))
    with pytest.raises(Fault, match="added"):
        verify(Archived(io.BytesIO(ARCHIVE + b"\0")))


def test_a_whole_bundle_verifies_as_memory_folder_and_archive(tmp_path: Path) -> None:
    found = verify(Held(FILES))
    assert (found.trusted, found.files) == (False, len(FILES))
    assert any("where it comes from" in each.casefold() for each in found.unchecked)
    (tmp_path / "b.zip").write_bytes(ARCHIVE)
    folder = folder_of(FILES, tmp_path / "called otherwise")
    for path in (folder, tmp_path / "b.zip"):
        with opened(path) as source:
            again = verify(source, trusted=SMALL.key)
        assert again.trusted
        assert again.seal_sha256 == found.seal_sha256


@pytest.mark.parametrize("path", sorted(FILES))
def test_a_file_taken_away_renamed_cut_or_lengthened_is_named(path: str) -> None:
    others = {each: content for each, content in FILES.items() if each != path}
    assert fault(others).file == path
    assert fault(others | {f"{path}x": FILES[path]}).file == path
    assert fault(others | {path: FILES[path][:-1]}).file == path
    assert fault(others | {path: FILES[path] + b"\n"}).file == path


@pytest.mark.parametrize("path", ["data/more.txt", "more.txt", "data/events/000000000009.json", "fetch.txt"])
def test_a_file_that_was_added_is_named(path: str) -> None:
    assert fault(FILES | {path: b""}).file == path


# --- what others say ------------------------------------------------------------------------------------------------


def test_the_bagit_library_and_sha256sum_validate_it_and_find_a_change(tmp_path: Path) -> None:
    made = bundle(events=3)
    folder = folder_of(made.files(), tmp_path / "bag")
    theirs = bagit.Bag(str(folder))
    theirs.validate()
    assert set(theirs.algorithms) == {"sha256", "sha512"}
    assert theirs.info["External-Identifier"] == made.custody.export_id
    for manifest in ("manifest-sha256.txt", "tagmanifest-sha256.txt"):
        ran = subprocess.run(
            ["sha256sum", "--check", "--strict", manifest], cwd=folder, capture_output=True, check=False
        )
        assert ran.returncode == 0, ran.stderr
    (folder / layout.README).write_bytes(b"another")
    with pytest.raises(bagit.BagValidationError):
        bagit.Bag(str(folder)).validate()


def test_unzip_unpacks_the_archive_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "b.zip").write_bytes(ARCHIVE)
    shutil.unpack_archive(tmp_path / "b.zip", tmp_path / "out")
    with opened(tmp_path / "out" / f"watchword-{SMALL.custody.export_id}") as source:
        verify(source, trusted=SMALL.key)


def test_an_independent_ledger_verifier_accepts_every_proof_and_the_seal() -> None:
    made = bundle(events=5)
    files = made.files()
    vkey = Vkey.from_string(files[layout.KEY].decode().strip())
    checkpoint = TheirCheckpoint.from_text(files[layout.CHECKPOINT].decode())
    checkpoint.verify(vkey)
    text, _, line = files[bag.SEAL].decode().rpartition("\n\n")
    note = NoteSignature.from_line(line.strip())
    assert vkey.match(note)
    Ed25519PublicKey.from_public_bytes(vkey.pubkey).verify(note.payload, f"{text}\n".encode())
    for position in range(1, made.custody.events + 1):
        lines = files[layout.event(position, layout.PROOF)].decode().split("\n\n")[0].split("\n")
        path = InclusionProof(position - 1, checkpoint.size, [b64dec(each) for each in lines[2:]])
        path.check(leaf_hash(files[layout.event(position, layout.ENTRY)]), checkpoint.root_hash)


# --- a good seal over what is not so --------------------------------------------------------------------------------


def forged(made: Bundle, change: Callable[[dict[str, bytes]], None]) -> dict[str, bytes]:
    """The bundle with its payload changed by somebody who has the key."""
    payload = dict(made.payload)
    change(payload)
    return made.files(payload)


def swapped(first: str, second: str) -> Callable[[dict[str, bytes]], None]:
    def change(payload: dict[str, bytes]) -> None:
        payload[first], payload[second] = payload[second], payload[first]

    return change


def put(path: str, content: bytes) -> Callable[[dict[str, bytes]], None]:
    return lambda payload: payload.update({path: content})


def edited(path: str, old: bytes, new: bytes) -> Callable[[dict[str, bytes]], None]:
    def change(payload: dict[str, bytes]) -> None:
        assert old in payload[path]
        payload[path] = payload[path].replace(old, new, 1)

    return change


def gone(path: str) -> Callable[[dict[str, bytes]], None]:
    def change(payload: dict[str, bytes]) -> None:
        del payload[path]

    return change


WHOLE = bundle(events=2)
OTHER_KEY = signer(b"o").verifier.text
FORGED: dict[str, tuple[str, Callable[[dict[str, bytes]], None]]] = {
    "an entry of another event": (
        layout.event(1, layout.ENTRY), swapped(layout.event(1, layout.ENTRY), layout.event(2, layout.ENTRY)),
    ),
    "a proof of another event": (
        layout.event(1, layout.PROOF), swapped(layout.event(1, layout.PROOF), layout.event(2, layout.PROOF)),
    ),
    "a reading of another event": (
        layout.event(1, layout.READING), swapped(layout.event(1, layout.READING), layout.event(2, layout.READING)),
    ),
    "a reading that says more": (
        layout.event(3, layout.READING), edited(layout.event(3, layout.READING), b"court_order", b"complaint"),
    ),
    "a reading that opens what is sealed": (
        layout.event(3, layout.READING), edited(layout.event(3, layout.READING), b'"sealed"', b'"opened"'),
    ),
    "an entry that says otherwise": (
        layout.event(3, layout.READING), edited(layout.event(3, layout.ENTRY), b"court_order", b"legal_claim"),
    ),
    "no proof": (layout.event(1, layout.ENTRY), gone(layout.event(1, layout.PROOF))),
    "no entry": (layout.event(1, layout.PROOF), gone(layout.event(1, layout.ENTRY))),
    "no reading": (layout.event(1, layout.PROOF), gone(layout.event(1, layout.READING))),
    "a state nobody needs": (layout.event(1, layout.ENTRY), put(layout.event(1, layout.STATE), b"{}")),
    "a leaf beside an entry": (layout.event(1, layout.LEAF), put(layout.event(1, layout.LEAF), b"00" * 32 + b"\n")),
    "a checkpoint of another key": (
        layout.CHECKPOINT, put(layout.CHECKPOINT, signer(b"o").sign(5, b"\0" * 32).text.encode()),
    ),
    "a checkpoint of another tree": (
        layout.CUSTODY, put(layout.CHECKPOINT, signer().sign(5, b"\0" * 32).text.encode()),
    ),
    "a seal as a checkpoint": (layout.CHECKPOINT, put(layout.CHECKPOINT, resigned("a\nb\nc\n", signer()))),
    "another key beside it": (layout.KEY, put(layout.KEY, f"{OTHER_KEY}\n".encode())),
    "a public checkpoint of another tree": (
        layout.CONSISTENCY, put(layout.PUBLIC, signer().sign(1, b"\1" * 32).text.encode()),
    ),
    "a public checkpoint of another key": (
        layout.PUBLIC, put(layout.PUBLIC, signer(b"o").sign(1, b"\1" * 32).text.encode()),
    ),
    "a public checkpoint of what is to come": (
        layout.CONSISTENCY, put(layout.PUBLIC, signer().sign(9, b"\1" * 32).text.encode()),
    ),
    "another proof of consistency": (layout.CONSISTENCY, put(layout.CONSISTENCY, b"A" * 43 + b"=\n")),
    "no proof of consistency": (layout.PUBLIC, gone(layout.CONSISTENCY)),
    "no public checkpoint": (layout.CONSISTENCY, gone(layout.PUBLIC)),
    "a custody of another purpose": (layout.CUSTODY, edited(layout.CUSTODY, b'"court_order"', b'"complaint"')),
    "a custody by another person": (layout.CUSTODY, edited(layout.CUSTODY, b'"legal-1"', b'"legal-9"')),
    "a custody of another time": (layout.CUSTODY, edited(layout.CUSTODY, b"2026-03-02", b"2026-03-03")),
    "a custody that counts otherwise": (layout.CUSTODY, edited(layout.CUSTODY, b'"events": 5', b'"events": 6')),
    "a custody that approves itself": (layout.CUSTODY, edited(layout.CUSTODY, b'"legal-2"', b'"legal-1"')),
    "a custody with more in it": (layout.CUSTODY, edited(layout.CUSTODY, b"{\n", b'{\n  "more": 1,\n')),
    "a timeline of an event that is none": (layout.TIMELINE, edited(layout.TIMELINE, b'"position":1', b'"position":9')),
    "a timeline at another time": (layout.TIMELINE, edited(layout.TIMELINE, b"2026-03", b"2025-03")),
    "a line of another event": (layout.TIMESKETCH, edited(layout.TIMESKETCH, b"entry.pinned", b"entry.tagged")),
    "a file that no bundle has": ("data/more.txt", put("data/more.txt", b"")),
    "no PDF": (layout.PDF, gone(layout.PDF)),
}  # fmt: skip


@pytest.mark.parametrize("name", FORGED)
def test_a_good_seal_over_what_is_not_so_is_found_and_named(name: str) -> None:
    file, change = FORGED[name]
    found = fault(forged(WHOLE, change), trusted=WHOLE.key)
    assert found.file == file, str(found)


def test_a_bundle_sealed_by_another_key_than_the_given_one_is_refused() -> None:
    found = fault(FILES, trusted=key(OTHER_KEY))
    assert found.file == bag.SEAL
    assert "another" in found.wrong


def test_what_is_too_long_for_an_entry_stands_beside_it() -> None:
    made = bundle(events=1, long=70_000)
    assert verify(Held(made.files())).custody.events == made.custody.events
    state = layout.event(2, layout.STATE)
    assert fault(forged(made, gone(state))).file == layout.event(2, layout.ENTRY)
    assert fault(forged(made, edited(state, b"Bwc", b"Bwd"))).file == layout.event(2, layout.ENTRY)


def test_events_withheld_from_a_recipient_are_there_by_their_hash() -> None:
    made = bundle(events=2, withheld=True, opened=False)
    found = verify(Held(made.files()))
    assert found.custody.withheld == 2
    assert any("redacted" in each for each in found.unchecked)
    assert layout.event(1, layout.ENTRY) not in made.payload
    leaf = layout.event(1, layout.LEAF)
    assert fault(forged(made, swapped(leaf, layout.event(2, layout.LEAF)))).file == layout.event(1, layout.PROOF)
    assert fault(forged(made, put(leaf, b"zz"))).file == leaf


# --- stamped --------------------------------------------------------------------------------------------------------


def test_every_byte_of_a_timestamp_is_answered_for_and_openssl_says_the_same(tmp_path: Path) -> None:
    with authority(tmp_path / "tsa") as tsa, authority(tmp_path / "other") as other:
        made = bundle(events=1, opened=False, timestamp=tsa.url, authority=tsa.pem)
        manifest = made.files()[bag.MANIFESTS[0]]
        request = TimestampRequestBuilder().data(manifest).hash_algorithm(HashAlgorithm.SHA256).build()
        token, theirs = tsa.reply(request.as_bytes()), other.reply(request.as_bytes())
        of_another = TimestampRequestBuilder().data(b"another").hash_algorithm(HashAlgorithm.SHA256).build()
        stale = tsa.reply(of_another.as_bytes())
    files = made.files(timestamp=token)
    own, foreign = certificates(tsa.pem), certificates(other.pem)
    assert verify(Held(files)).stamped_at == verify(Held(files), roots=own).stamped_at != ""
    assert fault(files, roots=foreign).file == bag.TIMESTAMP
    for forged_token in (theirs, stale, b"", b"\x30\x82", token[:-1], b"\0" * 2_000_000):
        assert fault(made.files(timestamp=forged_token)).file == bag.TIMESTAMP
    # The token's own signature leaves bytes of it open; the seal does not.
    for at, changed in flips(token):
        found = fault({**files, bag.TIMESTAMP: changed})
        assert found.file == bag.TIMESTAMP, at
        with contextlib.suppress(Fault):  # and under a seal of our own a changed token is a fault or holds, no more
            if at % 8 == 0 or DEEP:
                verify(Held(made.files(timestamp=changed)))
    folder = folder_of(files, tmp_path / "bag")
    command = ["openssl", "ts", "-verify", "-data", "manifest-sha256.txt", "-in", "timestamp.tsr"]
    ran = subprocess.run([*command, "-CAfile", layout.AUTHORITY], cwd=folder, capture_output=True, check=False)
    assert ran.returncode == 0, ran.stderr


# --- hostile --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    ["../up.txt", "/etc/passwd", "data/../../up", "data//x", "C:\\x", "~/x", "data/.x", "data/\x1b[2J", "data/é"],
)
def test_paths_that_lead_elsewhere_are_refused(path: str) -> None:
    with pytest.raises(Fault) as found:
        Held({**FILES, path: b""})
    assert found.value.file.isascii()
    assert found.value.file.isprintable()
    assert not bag.safe(path)
    assert bag.listed(f"{'0' * 64}  {path}\n".encode(), 0) is None


def test_archives_too_large_for_the_old_format_are_read_by_others_too(tmp_path: Path) -> None:
    many = [(f"bag/data/{number:06}", b"") for number in range(66_000)]
    with (tmp_path / "many.zip").open("w+b") as file:
        archive.write(file, many)
        file.seek(0)
        assert list(archive.read(file)) == [name for name, _ in many]
    with zipfile.ZipFile(tmp_path / "many.zip") as packed:
        assert packed.namelist() == [name for name, _ in many]
    # A file that begins beyond 4 GiB: the directory alone, at the end of a file that is mostly hole.
    far = 5 << 30
    with (tmp_path / "far.zip").open("wb") as file:
        file.seek(far + 100)
        file.writelines(archive._directory({b"bag/far": archive.Member(far + 30 + 7, 3, 7)}, far + 100))
    with zipfile.ZipFile(tmp_path / "far.zip") as packed:
        (found,) = packed.infolist()
    assert (found.filename, found.header_offset, found.file_size, found.CRC) == ("bag/far", far, 3, 7)


def test_links_devices_and_empty_folders_are_refused_and_nothing_is_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(FILES[layout.README])
    ways: dict[str, Callable[[Path], None]] = {
        "a link": lambda at: at.symlink_to(secret),
        "a folder that is a link": lambda at: at.symlink_to(tmp_path),
        "a device": os.mkfifo,
        "an empty folder": lambda at: at.mkdir(),
    }
    for name, put_there in ways.items():
        folder = folder_of(FILES, tmp_path / name)
        (folder / layout.README).unlink()
        put_there(folder / layout.README)
        with pytest.raises(Fault) as found:
            verify(Folder(folder))
        assert found.value.file.startswith(layout.README), name


def test_bombs_and_other_peoples_archives_are_refused() -> None:
    for method in (zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", method) as packed:
            for path, content in FILES.items():
                packed.writestr(f"watchword-{SMALL.custody.export_id}/{path}", content)
        with pytest.raises(Fault):
            verify(Archived(out))
    for junk in (b"", b"PK\x03\x04", b"\0" * 100_000, b"PK\x03\x04" + b"\xff" * 60, b"PK\x05\x06" + b"\0" * 18):
        with pytest.raises(Fault):
            verify(Archived(io.BytesIO(junk)))


HOSTILE = (
    b"", b"\0", b"\xff\xfe", b"[" * 100_000, b'{"a":' * 50_000, b"9" * 10_000, b'{"position": 1e999}', b"null", b"\n\n",
    b'{"entries": [{"position": ' + b"9" * 5000 + b', "name": "", "at": ""}]}', "\u2014 a b\n".encode(),
    b"c2sp.org/tlog-proof@v1\nindex " + b"9" * 6000 + b"\n\n\n",
    b"c2sp.org/tlog-proof@v1\nindex 0\n" + b"A\n" * 100 + b"\n",
    b"\x01" + b"\xff" * 40, b'{"format": "watchword custody v1"}', b'{"position": 1, "stream": "\\ud800"}',
)  # fmt: skip


@pytest.mark.parametrize("path", sorted(WHOLE.payload))
def test_whatever_stands_in_a_file_under_a_good_seal_is_a_fault_and_never_an_error(path: str) -> None:
    for content in HOSTILE:
        changed = forged(WHOLE, put(path, content))
        empty = path == layout.TIMESKETCH and not content.strip()
        if empty or path in (layout.README, layout.CERTIFICATE, layout.PDF):
            verify(Held(changed))
        else:
            fault(changed)


@given(st.sampled_from([*sorted(WHOLE.payload)]), st.integers(0, 400), st.binary(max_size=6), st.integers(0, 6))
def test_whatever_is_written_into_a_file_under_a_good_seal_is_no_error(
    path: str, at: int, new: bytes, cut: int
) -> None:
    content = WHOLE.payload[path]
    changed = forged(WHOLE, put(path, content[:at] + new + content[at + cut :]))
    with contextlib.suppress(Fault):
        verify(Held(changed))


@given(
    st.sampled_from([*bag.MANIFESTS, *bag.TAG_MANIFESTS, bag.INFO, bag.SEAL]),
    st.integers(0, 400),
    st.binary(max_size=6),
)
def test_whatever_is_written_into_a_tag_file_is_a_fault(path: str, at: int, new: bytes) -> None:
    content = FILES[path]
    changed = content[:at] + new + content[at + len(new) :]
    if changed != content:
        assert fault({**FILES, path: changed}).file


def test_manifests_that_are_signed_and_say_nonsense_are_faults() -> None:
    def sealed_again(files: dict[str, bytes]) -> dict[str, bytes]:
        name = f"watchword-{SMALL.custody.export_id}"
        tags = [files[path] for path in bag.TAG_MANIFESTS]
        return {**files, bag.SEAL: signer().seal(bag.seal_text(name, tags)).encode()}

    for nonsense in (b"", b"x", b"0" * 64 + b"  data/../x\n", b"\xff\n", FILES[bag.TAG_MANIFESTS[0]] * 2):
        assert fault(sealed_again({**FILES, bag.TAG_MANIFESTS[0]: nonsense})).file in bag.TAG_MANIFESTS
    for text in ("", "watchword evidence bundle v1\n", "watchword evidence bundle v1\n../x\n", "x\n" * 500):
        assert fault({**FILES, bag.SEAL: resigned(text or "\n", signer())}).file == bag.SEAL

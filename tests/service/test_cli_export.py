"""Bundles on the command line: exported from the real service on PostgreSQL, verified with nothing but the file."""

from __future__ import annotations

import json
from pathlib import Path
from shutil import unpack_archive

import pytest

from service.bundle import layout
from service.demo.running import Running
from tests.bundles import bundle, folder_of, signer
from tests.service.test_cli import AGENT, Run, run
from tests.service.test_cli_incidents import LEGAL, probed, until

__all__ = ["run"]  # a fixture

ASKED = ("--for", "the High Court", "--purpose", "court_order", "--words", "order of 1 March")


def test_an_incident_is_exported_waited_for_fetched_and_verified(
    run: Run, postgres_server: Running, tmp_path: Path
) -> None:
    at = postgres_server
    probed(run, at, 5)
    told = until(lambda: run("incident", "list", "--json", at=at, who=LEGAL).told()["incidents"])
    incident_id = told[0]["incident_id"]
    refused = run("export", incident_id, "-o", str(tmp_path), at=at, who=LEGAL)
    assert (refused.code, refused.out) == (3, "")
    assert run("export", incident_id, *ASKED, "-o", str(tmp_path), at=at, who=AGENT).code == 5
    assert run("export", incident_id, *ASKED, "-o", str(tmp_path / "none"), at=at, who=LEGAL).code == 2
    made = run("export", incident_id, *ASKED, "-o", str(tmp_path), "--json", at=at, who=LEGAL).told()
    assert made["status"] == "made"
    archive = Path(made["file"])
    assert [each.name for each in tmp_path.iterdir()] == [archive.name]

    key = run("ledger", "key", at=at, who=LEGAL)
    trusted = ["--key", key.out.strip()] if key.code == 0 else []
    verified = run("verify", str(archive), *trusted, "--json").told()
    assert verified["whole"]
    assert verified["custody"]["events"] == made["events"]
    said = run("verify", str(archive)).said()
    assert "everything that can be checked holds" in said
    assert "Where it comes from" in said

    # Gone on with, in another folder, by the id alone.
    (tmp_path / "again").mkdir()
    again = run("export", incident_id, "--resume", made["export_id"], "-o", str(tmp_path / "again"), at=at, who=LEGAL)
    assert again.code == 0
    assert (tmp_path / "again" / archive.name).read_bytes() == archive.read_bytes()

    unpack_archive(archive, tmp_path / "unpacked")
    folder = tmp_path / "unpacked" / archive.stem
    (folder / layout.PDF).write_bytes((folder / layout.PDF).read_bytes() + b"\n")
    found = run("verify", str(folder), "--json")
    assert found.code == 6
    assert json.loads(found.out)["file"] == layout.PDF
    assert layout.PDF in found.err


@pytest.mark.parametrize(
    "words, code, said",
    [
        ([], 0, ""),
        (["--key", "KEY"], 0, ""),
        (["--key", "OTHER"], 6, "tagmanifest.note"),
        (["--key", "nobody's+1+x"], 2, "--key"),
        (["--key", "no such file"], 2, "cannot be read"),
        (["--tsa-ca", "no such file"], 2, "cannot be read"),
        (["--tsa-ca", "bag/bagit.txt"], 2, "no certificates"),
    ],
)
def test_verify_ends_with_the_documented_codes(
    run: Run, tmp_path: Path, words: list[str], code: int, said: str
) -> None:
    made = bundle()
    folder_of(made.files(), tmp_path / "bag")
    (tmp_path / "KEY").write_text(made.key.text())
    (tmp_path / "OTHER").write_text(signer(b"o").verifier.text)
    given = [str(tmp_path / word) if index else word for index, word in enumerate(words)]
    given = words[:1] + words[1:] if "+" in "".join(words) else given
    found = run("verify", str(tmp_path / "bag"), *given)
    assert found.code == code, found.err
    assert said in found.err
    assert "Traceback" not in found.err


def test_what_is_no_bundle_is_one_line(run: Run, tmp_path: Path) -> None:
    (tmp_path / "junk.zip").write_bytes(b"junk")
    (tmp_path / "empty").mkdir()
    for name, code in (("junk.zip", 6), ("empty", 6), ("nothing", 2)):
        found = run("verify", str(tmp_path / name))
        assert (found.code, found.out, found.err.count("\n")) == (code, "", 1), found.err

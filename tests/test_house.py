"""The house keeps its shape: one noun a file, a pure domain, maps that are true, nothing of one machine in the tree."""

import ast
import importlib
import importlib.metadata
import io
import re
import subprocess
import tokenize
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = ("domain", "projections", "service")
# What domain may import: msgspec, and the parts of the standard library that ask the world nothing. Uuid and datetime
# are here for their types; what they offer of clock and dice is caught as calls.
PURE = {
    *("domain", "msgspec", "__future__", "abc", "base64", "binascii", "bisect", "collections", "contextlib", "copy"),
    *("dataclasses", "datetime", "decimal", "enum", "functools", "graphlib", "hashlib", "heapq", "hmac", "itertools"),
    *("json", "math", "operator", "re", "string", "struct", "textwrap", "types", "typing", "unicodedata", "uuid"),
    *("zlib", "zoneinfo"),
}
# Calls that look pure and are not, whoever they are asked of: datetime.now, date.today, uuid.uuid4 and the like.
IMPURE_CALLS = {"now", "utcnow", "today", "uuid1", "uuid4", "open", "input", "print", "eval", "exec", "__import__"}
# A source of packages, or the path of somebody's machine.
MACHINE = re.compile(
    r"--(?:extra-)?index-url|--find-links|--trusted-host|pypi\.org|pythonhosted|deb\.debian|registry\.npmjs"
    r'|"resolved":|(?<![\w.-])/(?:home|root|work|tmp|opt|Users)/[a-z]'
)
SILENCED = re.compile(
    r"#\s*(?:(?:ruff:\s*)?noqa(?::\s*[A-Z]+\d+(?:,\s*[A-Z]+\d+)*)?|type:\s*ignore(?:\[[\w, -]+\])?|pragma:\s*no\s+\w+)"
)


def committed() -> list[Path]:
    """What git tracks or would: in a copy without git, every file that is not made by a tool."""
    listed = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        capture_output=True,
        check=False,
    )
    if listed.returncode == 0:
        names = [Path(name) for name in listed.stdout.decode().split("\0") if name]
    else:
        names = [path.relative_to(ROOT) for path in ROOT.rglob("*")]
    made = {".venv", ".git", "var", "__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis"}
    return sorted({name for name in names if not made & set(name.parts) and (ROOT / name).is_file()})


FILES = committed()
PYTHON = [path for path in FILES if path.suffix == ".py"]
OURS = [path for path in PYTHON if path.parts[0] in ROOMS]
PACKAGES = [path.parent for path in OURS if path.name == "__init__.py"]


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Every module that a file imports, wherever in it, with its line."""
    for node in ast.walk(ast.parse((ROOT / path).read_bytes())):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: imports are absolute"
            yield node.lineno, node.module or ""


def calls(path: Path) -> Iterator[tuple[int, str]]:
    """Every call in a file: its line, and the last name of what is called."""
    for node in ast.walk(ast.parse((ROOT / path).read_bytes())):
        match node:
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
                yield node.lineno, name
            case _:
                pass


def comments(path: Path) -> Iterator[tuple[int, str]]:
    for token in tokenize.tokenize(io.BytesIO((ROOT / path).read_bytes()).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


@pytest.mark.parametrize("room", ROOMS)
def test_the_three_names_resolve_to_this_repository(room: str) -> None:
    # Short names: anything else installed in the environment could carry one.
    file = importlib.import_module(room).__file__
    assert file is not None
    assert Path(file) == ROOT / room / "__init__.py"


def test_no_file_is_longer_than_one_noun() -> None:
    lengths = {str(path): (ROOT / path).read_text().count("\n") for path in OURS}
    assert {path: lines for path, lines in lengths.items() if lines > 350} == {}


def test_no_module_is_a_drawer() -> None:
    drawers = {"util", "utils", "helper", "helpers", "manager", "managers", "common", "commons", "misc", "shared"}
    assert [str(path) for path in PYTHON if drawers & {path.stem, *path.parts[:-1]}] == []


@pytest.mark.parametrize("package", PACKAGES, ids=str)
def test_a_package_maps_its_room(package: Path) -> None:
    room = ROOT / package
    text = ast.get_docstring(ast.parse((room / "__init__.py").read_bytes())) or ""
    modules = {path.stem for path in room.glob("*.py")} | {path.parent.name for path in room.glob("*/__init__.py")}
    # Numbered modules are migrations: their order is their map.
    told = {name for name in modules if not name.startswith("_") and not re.search(r"_\d+$", name)}
    unnamed = {name for name in told if not re.search(rf"\b{name}\b", text)}
    assert text, f"{package}/__init__.py has no docstring: it is the map of the room"
    assert unnamed == set(), f"{package}/__init__.py does not say what these are for"


def test_domain_imports_only_what_is_pure() -> None:
    strangers = [
        f"{path}:{line} {module}"
        for path in OURS
        if path.parts[0] == "domain"
        for line, module in imports(path)
        if module.split(".")[0] not in PURE
    ]
    assert strangers == []


def test_domain_asks_no_clock_and_throws_no_dice() -> None:
    found = [
        f"{path}:{line} {name}"
        for path in OURS
        if path.parts[0] == "domain"
        for line, name in calls(path)
        if name in IMPURE_CALLS
    ]
    assert found == []


def test_nothing_committed_belongs_to_one_machine() -> None:
    found = []
    for path in FILES:
        if path.parts[0] == "tests":  # samples beside the repository are used where they are there
            continue
        try:
            text = (ROOT / path).read_text()
        except UnicodeDecodeError:
            continue
        found += [f"{path}:{n}: {line[:80]}" for n, line in enumerate(text.splitlines(), 1) if MACHINE.search(line)]
    assert found == []


def test_what_is_silenced_says_why() -> None:
    bare = []
    for path in PYTHON:
        said = dict(comments(path))
        for line, comment in said.items():
            reason = re.search(r"[A-Za-z]{3,}", SILENCED.sub("", comment))
            if SILENCED.search(comment) and not reason and line - 1 not in said:
                bare.append(f"{path}:{line}: {comment}")
    assert bare == [], "the reason stands beside it, or on the line above"


def pins(lock: str) -> dict[str, str]:
    """What a lock holds: version by name."""
    return dict(re.findall(r"(?m)^([a-z0-9._-]+)==(\S+)", (ROOT / lock).read_text()))


def names(requirements: list[str]) -> set[str]:
    """The normalised names of requirements (PEP 503)."""
    return {re.sub(r"[-_.]+", "-", re.split(r"[^\w.-]", line, maxsplit=1)[0]).lower() for line in requirements}


def test_the_locks_hold_what_the_project_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    run = names(project["project"]["dependencies"])
    assert run <= pins("requirements.lock").keys()
    assert names(project["project"]["optional-dependencies"]["test"]) <= pins("requirements-test.lock").keys()
    assert names(project["build-system"]["requires"]) <= pins("requirements-build.lock").keys()
    assert pins("requirements.lock").items() <= pins("requirements-test.lock").items()


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-test.lock", "requirements-build.lock"])
def test_everything_locked_is_locked_by_hash(lock: str) -> None:
    entries = [entry for entry in re.split(r"(?m)^(?=[^ #\n])", (ROOT / lock).read_text()) if entry.strip()]
    assert entries
    assert [entry.split()[0] for entry in entries if "==" not in entry or "--hash=sha256:" not in entry] == []


@pytest.mark.parametrize("library", ["eventsourcing", "SQLAlchemy", "cedarpy", "msgspec", "fastapi"])
def test_this_environment_is_the_locked_one(library: str) -> None:
    assert importlib.metadata.version(library) == pins("requirements.lock")[library.lower()]

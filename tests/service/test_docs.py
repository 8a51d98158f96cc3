"""The documents say what there is: every command, option, exit code and variable, no more and no less."""

import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from service.cli.app import app
from service.cli.exits import Code
from service.settings import CLIENT_VARIABLES, VARIABLES

DOCS = Path(__file__).parents[2] / "docs"
COMMAND_LINE = (DOCS / "command-line.md").read_text()
OPERATIONS = (DOCS / "operations.md").read_text()
OF_EVERY_CALL = {"--url", "--token", "--key", "--json"}


def commands(command: Any, name: str = "watchword") -> Iterator[tuple[str, Any]]:
    """Every command with its whole name."""
    within = getattr(command, "commands", None)
    if within is None:
        yield name, command
        return
    for word, below in within.items():
        yield from commands(below, f"{name} {word}")


ROOT = get_command(app)
COMMANDS = dict(commands(ROOT))


def section(text: str, heading: str) -> str:
    """What stands under a heading, up to the next one of its kind or higher."""
    depth = heading.partition(" ")[0]
    found = re.search(rf"(?ms)^{re.escape(heading)}\n(.*?)(?=^#{{1,{len(depth)}}} |\Z)", text)
    assert found is not None, f"there is no section {heading}"
    return found[1]


def rows(text: str) -> dict[str, list[str]]:
    """The rows of the tables in a text: what is in backquotes first, and the other cells."""
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if "|" in line]
    return {first.strip("`"): others for first, *others in lines if first.startswith("`")}


def takes(option: Any) -> str:
    """What an option takes, as the tables have it."""
    described = option.type_descriptor
    if described.is_choice:
        return ", ".join(f"`{choice.value}`" for choice in described.choices)
    return f"`{option.metavar}`" if option.metavar else ""


def test_every_command_is_documented_and_no_other() -> None:
    assert re.findall(r"(?m)^### `(.*)`$", COMMAND_LINE) == list(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_is_documented_whole(name: str) -> None:
    command, said = COMMANDS[name], section(COMMAND_LINE, f"### `{name}`")
    assert inspect.cleandoc(command.help).strip() in said
    arguments = [each for each in command.params if each.param_type_name == "argument"]
    options = [each for each in command.params if each.param_type_name == "option"]
    assert " ".join([name, *(each.metavar for each in arguments), "[OPTIONS]"]) in said.splitlines()

    table, everywhere = rows(said), rows(section(COMMAND_LINE, "## Options of every call"))
    calls_the_service = any(option.opts[0] == "--url" for option in options)
    left_out = OF_EVERY_CALL if calls_the_service else set()
    own = {option.opts[0]: option for option in options if option.opts[0] not in left_out}
    assert list(table) == [each.metavar for each in arguments] + list(own)
    for argument in arguments:
        assert table[argument.metavar][-1] == argument.help
    for option in options:
        words = (table if option.opts[0] in own else everywhere)[option.opts[0]]
        assert words[0] == takes(option)
        assert words[-1] == option.help
        default = getattr(option.default, "value", option.default)
        if option.required or default not in (None, "", False):
            assert words[1] == ("required" if option.required else f"`{default}`")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_says_what_it_is_and_every_command_prints_json(name: str) -> None:
    assert [each.name for each in COMMANDS[name].params if not each.help] == []
    assert "--json" in [option for each in COMMANDS[name].params for option in each.opts]


def test_the_options_of_every_call_are_those_that_calls_have() -> None:
    taken = {option for command in COMMANDS.values() for each in command.params for option in each.opts}
    assert set(rows(section(COMMAND_LINE, "## Options of every call"))) == OF_EVERY_CALL <= taken
    documented = rows(section(COMMAND_LINE, "## Options of `watchword` itself"))
    assert set(documented) == {"--help"} | {option for each in ROOT.params for option in each.opts}


def test_every_exit_code_is_documented() -> None:
    assert re.findall(r"(?m)^\| (\d) \|", section(COMMAND_LINE, "## Exit codes")) == [str(int(code)) for code in Code]


def variables(known: dict[str, tuple[str, str]]) -> dict[str, list[str]]:
    """The table of these variables."""
    return {
        f"WATCHWORD_{name}": [f"`{default}`" if default else "", meaning] for name, (default, meaning) in known.items()
    }


def test_every_setting_is_documented() -> None:
    assert rows(section(OPERATIONS, "## Settings")) == variables(VARIABLES | CLIENT_VARIABLES)
    assert rows(section(COMMAND_LINE, "## Environment")) == variables(CLIENT_VARIABLES)


def test_no_document_names_a_variable_that_is_none() -> None:
    known = {f"WATCHWORD_{name}" for name in VARIABLES | CLIENT_VARIABLES}
    known |= {f"{name}_FILE" for name in known} | {"WATCHWORD_TEST_POSTGRES", "WATCHWORD_TEST_PROFILE"}
    named = {
        (file.name, name)
        for file in [*DOCS.rglob("*.md"), DOCS.parent / "README.md"]
        for name in re.findall(r"\bWATCHWORD_[A-Z_]*[A-Z]", file.read_text())
    }
    assert {(file, name) for file, name in named if name not in known} == set()

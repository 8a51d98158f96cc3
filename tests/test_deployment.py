"""The deployment is what docs/operations.md says: nothing as root, nothing written, migrated first, two replicas."""

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from service.settings import VARIABLES

ROOT = Path(__file__).parent.parent
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
REPLICAS = ["watchword-a", "watchword-b"]
DATABASES = ["log-database", "keys-database"]


def dockerfile() -> list[tuple[str, str]]:
    """The Dockerfile's last stage: instruction and argument, continuation lines joined."""
    text = re.sub(r"\\\n\s*", "", (ROOT / "Dockerfile").read_text())
    lines = [line.split(None, 1) for line in text.splitlines() if line and not line.startswith("#")]
    last = max(n for n, (word, _) in enumerate(lines) if word == "FROM")
    return [(word, argument) for word, argument in lines[last:]]


def test_the_image_runs_as_nobody_in_particular() -> None:
    users = [argument for word, argument in dockerfile() if word == "USER"]
    assert users
    assert all(int(part) >= 10_000 for part in users[-1].split(":"))


def test_the_image_writes_under_data_alone() -> None:
    said = dockerfile()
    assert ("VOLUME", "/data") in said
    settings = dict(pair.split("=", 1) for word, argument in said if word == "ENV" for pair in shlex.split(argument))
    assert settings["WATCHWORD_HOME"] == "/data"
    assert settings["PYTHONDONTWRITEBYTECODE"] == "1"


def test_the_image_asks_for_no_shell_and_says_when_it_is_alive() -> None:
    said = dict(dockerfile())
    assert said["ENTRYPOINT"] == '["watchword"]'
    assert said["CMD"] == '["serve"]'
    assert re.search(r'CMD \["/app/bin/python", .*/healthz', said["HEALTHCHECK"])


def test_the_image_holds_only_what_was_checked_by_hash() -> None:
    text = (ROOT / "Dockerfile").read_text()
    assert text.count("FROM ") == 2
    installs = re.findall(r"pip (?:--python \S+ )?install (.*?)(?: \\)?\n", text)
    assert len(installs) == 3
    assert all("--require-hashes" in command or command.endswith("wheels/watchword-*.whl") for command in installs)
    assert all("--no-deps" in command for command in installs)


def test_only_what_the_image_needs_reaches_its_builder() -> None:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    sent = {line[1:] for line in lines if line.startswith("!")}
    copied = {
        name
        for line in (ROOT / "Dockerfile").read_text().splitlines()
        if line.startswith("COPY ") and "--from" not in line
        for name in line.split()[1:-1]
    }
    assert "*" in lines
    assert sent == copied


@pytest.mark.parametrize("name", SERVICES)
def test_every_container_is_confined(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["user"].split(":")[0] not in {"root", "0"}
    assert "privileged" not in service


def test_the_service_stands_twice_behind_one_port() -> None:
    assert SERVICES[REPLICAS[0]] == SERVICES[REPLICAS[1]]
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert list(published) == ["front"]
    assert published["front"] == ["127.0.0.1:${WATCHWORD_PORT:-8080}:8080"]
    balancer = (ROOT / "deploy" / "haproxy.cfg").read_text()
    assert re.findall(r"(?m)^ +server \S+ (\S+)$", balancer) == [f"{name}:8080" for name in REPLICAS]
    assert "uri /readyz" in balancer


def test_the_migration_comes_first() -> None:
    migrate = SERVICES["migrate"]
    assert migrate["command"] == ["migrate"]
    assert migrate["restart"] == "no"
    assert migrate["depends_on"] == {name: {"condition": "service_healthy"} for name in DATABASES}
    for name in REPLICAS:
        assert SERVICES[name]["depends_on"] == {"migrate": {"condition": "service_completed_successfully"}}


def test_the_log_and_its_keys_share_neither_server_nor_network_nor_volume() -> None:
    log, keys = (SERVICES[name] for name in DATABASES)
    for service in (log, keys):
        assert re.match(r"postgres:18\b", service["image"])
        assert "healthcheck" in service
        assert {"fsync=on", "full_page_writes=on", "synchronous_commit=on"} <= set(service["command"])
    for resource in ("networks", "volumes", "secrets"):
        assert not set(log[resource]) & set(keys[resource])
    assert COMPOSE["networks"]["log"] == COMPOSE["networks"]["keys"] == {"internal": True}
    assert SERVICES["front"]["networks"] == ["front"]


def test_no_secret_stands_in_the_file() -> None:
    for service in SERVICES.values():
        for name, value in service.get("environment", {}).items():
            if re.search(r"PASSWORD|KEY|DATABASE_URL|SECRET", name):
                assert name.endswith("_FILE")
                assert Path(value).parent == Path("/run/secrets")
                assert Path(value).name in service["secrets"]
    folders = {str(Path(secret["file"]).parent) for secret in COMPOSE["secrets"].values()}
    assert folders == {"deploy/secrets"}
    assert "/deploy/secrets/" in (ROOT / ".gitignore").read_text().splitlines()


def test_every_setting_given_is_one_the_service_reads() -> None:
    image = (ROOT / "Dockerfile").read_text()
    given = set(re.findall(r"WATCHWORD_(\w+)=", image)) | {
        name.removeprefix("WATCHWORD_") for name in SERVICES[REPLICAS[0]]["environment"]
    }
    assert {name.removesuffix("_FILE") for name in given} <= VARIABLES.keys()
    # What would otherwise be made in each replica for itself, and so differ between the two.
    shared = {"DATABASE_URL", "KEYS_URL", "MASTER_KEY", "JWKS_URL", "OUTBOX_URL", "OUTBOX_SECRET", "PUBLIC_URL"}
    assert shared <= {name.removesuffix("_FILE") for name in given}


def test_nobody_is_believed_until_a_token_provider_is_named() -> None:
    settings = SERVICES[REPLICAS[0]]["environment"]
    assert settings["WATCHWORD_JWKS_URL"].startswith("${WATCHWORD_JWKS_URL:-https://sign-on.invalid/")


def test_secrets_are_made_once_and_closed_to_others(tmp_path: Path) -> None:
    script = shutil.copy2(ROOT / "deploy" / "make-secrets", tmp_path)
    subprocess.run([script], check=True)
    made = {path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()}
    subprocess.run([script], check=True)
    assert {path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()} == made
    assert made.keys() == COMPOSE["secrets"].keys()
    assert (tmp_path / "secrets").stat().st_mode & 0o077 == 0
    for database in ("log", "keys"):
        password = made[f"{database}_password"]
        assert re.fullmatch(r"[0-9a-f]{64}", password)
        assert (
            made[f"{database}_url"] == f"postgresql+psycopg://watchword:{password}@{database}-database:5432/watchword"
        )


def test_compose_itself_accepts_the_file() -> None:
    command = shutil.which("docker-compose")
    if command is None:
        pytest.skip("docker-compose is not installed here; the file was read as YAML by the tests above")
    said = subprocess.run(
        [command, "-f", str(ROOT / "docker-compose.yml"), "config", "--services"],
        capture_output=True,
        check=False,
        text=True,
        env={"PATH": os.environ["PATH"], "HOME": "/nonexistent"},
    )
    assert said.returncode == 0, said.stderr
    assert set(said.stdout.split()) == SERVICES.keys()


def test_the_balancer_accepts_its_file() -> None:
    command = shutil.which("haproxy") or shutil.which("haproxy", path="/usr/sbin")
    if command is None:
        pytest.skip("haproxy is not installed here")
    said = subprocess.run(
        [command, "-c", "-f", str(ROOT / "deploy" / "haproxy.cfg")], capture_output=True, check=False, text=True
    )
    assert said.returncode == 0, said.stderr

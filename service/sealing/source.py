"""Where the master key comes from: a variable, a file, what a command prints, or a vault that never shows it."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from service.sealing.keyfile import KeyFileError
from service.sealing.master import MasterKey
from service.sealing.wrapping import Wrapping

if TYPE_CHECKING:
    from service.settings import MasterSource

__all__ = ["local_key", "master_key", "own_file"]

COMMAND_S = 30.0


def master_key(source: MasterSource) -> Wrapping:
    """The master key as it is now. Raises KeyFileError."""
    if not source.vault_url:
        return local_key(source)
    from service.sealing.vault import VaultMaster  # noqa: PLC0415 - heavy, and most installations do without

    before = source.text or source.command or own_file(source).exists()
    return VaultMaster(
        source.vault_url,
        key=source.vault_key,
        mount=source.vault_mount,
        token=source.vault_token,
        token_file=source.vault_token_file,
        namespace=source.vault_namespace,
        authorities=source.vault_authorities,
        older=local_key(source) if before else None,
    )


def local_key(source: MasterSource) -> MasterKey:
    """The master key that is kept outside of a vault; made on first start where nothing says otherwise."""
    if source.command:
        return MasterKey.read(printed(source.command), "what WATCHWORD_MASTER_KEY_COMMAND prints")
    if source.file is not None:
        try:
            return MasterKey.find(source.home, text=source.file.read_text(encoding="utf-8"))
        except OSError:
            raise KeyFileError("the file of WATCHWORD_MASTER_KEY_FILE cannot be read") from None
    return MasterKey.find(source.home, text=source.text)


def own_file(source: MasterSource) -> Path:
    """The file that the service makes, and changes, by itself."""
    return source.home / "keys" / "master.key"


def printed(command: str) -> str:
    """What a command prints, run without a shell. Raises KeyFileError, which never repeats any of it."""
    try:
        done = subprocess.run(  # noqa: S603 - it is the operator's own, and no shell reads it
            shlex.split(command), stdin=subprocess.DEVNULL, capture_output=True, timeout=COMMAND_S, check=False
        )
    except (OSError, ValueError, IndexError, subprocess.TimeoutExpired) as error:
        raise KeyFileError(f"WATCHWORD_MASTER_KEY_COMMAND cannot be run ({type(error).__name__})") from None
    if done.returncode:
        raise KeyFileError(f"WATCHWORD_MASTER_KEY_COMMAND ended with {done.returncode}; what it printed is not shown")
    return done.stdout.decode("ascii", errors="replace")

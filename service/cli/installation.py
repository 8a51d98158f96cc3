"""The installation: its settings, and what goes wrong with it, for the commands that are no calls of the API."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from service.cli.exits import Code, Failed
from service.settings import PREFIX, BadSetting, Settings, load


def settings() -> Settings:
    """The settings of this shell. Raises Failed naming the variable."""
    try:
        return load(os.environ)
    except BadSetting as error:
        raise Failed(Code.USAGE, str(error)) from None


@contextmanager
def failing() -> Iterator[None]:
    """Turn what an installation can lack into Failed. Only errors that are known to repeat no value are repeated."""
    from service.ledger.errors import LedgerError  # noqa: PLC0415 - the service is heavy, and most commands do without
    from service.log import LogError  # noqa: PLC0415 - likewise
    from service.sealing.errors import SealingError  # noqa: PLC0415 - likewise
    from service.sealing.keyfile import KeyFileError  # noqa: PLC0415 - likewise

    try:
        yield
    except LedgerError as error:
        raise Failed(Code.CONTRADICTED, str(error)) from None
    except (BadSetting, KeyFileError) as error:
        raise Failed(Code.USAGE, str(error)) from None
    except (LogError, SealingError) as error:
        raise Failed(Code.UNAVAILABLE, f"{error}; is it up, and was `watchword migrate` run?") from None
    except OSError as error:
        said = os.strerror(error.errno) if error.errno else type(error).__name__
        raise Failed(Code.UNAVAILABLE, f"it cannot start: {said}; see to WATCHWORD_HOME, HOST and PORT") from None
    except ValueError as error:
        said = str(error) if str(error).startswith(PREFIX) else "a setting cannot be used"
        raise Failed(Code.USAGE, f"{said}; see docs/operations.md") from None

"""What goes wrong with keys and seals, said in ids and places. None carries a value, a key or another's error."""

from __future__ import annotations

from service.log.errors import LogUnavailable

__all__ = ["CorruptEvent", "KeyMissing", "KeysUnavailable", "SealBroken", "SealingError", "WrongMasterKey"]


class SealingError(Exception):
    """Something could not be sealed, opened or read back."""


class KeyMissing(SealingError):
    """There is no key for this data subject: the person was forgotten, or the key was never made."""

    def __init__(self, subject: str) -> None:
        """Name the subject, a pseudonymous id."""
        super().__init__(f"there is no key for {subject}: this person was forgotten, or never had one")
        self.subject = subject


class WrongMasterKey(SealingError):
    """The master key in use is not the one that the stored keys were wrapped with."""

    @classmethod
    def of(cls, name: str) -> WrongMasterKey:
        """For the wrapped key of this name (see `wrapping.named`)."""
        return cls(
            f"the master key does not open the stored key of {name.partition(chr(0))[0]}: either it is not the one "
            "this installation was started with (restore that one; without it nothing sealed can be opened), or the "
            "row was altered"
        )


class SealBroken(SealingError):
    """A sealed value is not the one that was sealed in this place: it was altered, or moved here from elsewhere."""

    def __init__(self, stream: str, version: int, field: str) -> None:
        """Name the place."""
        super().__init__(f"the seal of {field} at version {version} of {stream} is broken")
        self.stream, self.version, self.field = stream, version, field


class CorruptEvent(SealingError):
    """The stored bytes of an event cannot be read."""

    def __init__(self, stream: str, version: int) -> None:
        """Name the place."""
        super().__init__(f"the event at version {version} of {stream} cannot be read: its stored bytes are damaged")
        self.stream, self.version = stream, version


class KeysUnavailable(LogUnavailable):
    """The database of keys cannot be read or written now; nothing may be disclosed. It recovers by itself."""

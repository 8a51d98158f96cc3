"""The master key in HashiCorp Vault: its transit engine wraps the keys of the data subjects, and never shows its own.

What it wraps is `0x03`, then the ciphertext as Vault gives it (`vault:v<version>:...`); in it lie the key and the
SHA-256 of its name, so that it opens in no other's place, and Vault's rewrap need not know the name. Whatever goes to
it or comes back is said nowhere: an error names its kind alone.

Vault's HTTP API, secret/transit: encrypt, decrypt and rewrap, each with `batch_input`.
"""

from __future__ import annotations

import base64
import hashlib
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import hvac
from hvac.exceptions import Forbidden, InvalidRequest, RateLimitExceeded, Unauthorized, VaultDown, VaultError
from requests.exceptions import RequestException

from service.sealing.errors import KeysUnavailable, WrongMasterKey
from service.sealing.keyfile import KeyFileError
from service.sealing.master import SIZE, MasterKey

__all__ = ["VaultMaster"]

VAULT = b"\x03"
TIMEOUTS_S = (2.0, 5.0)  # to connect, to hear an answer
AT_ONCE = 250


class VaultMaster:
    """Wraps by a transit key. `older`: a master key of ours, that what it wrapped before can still be opened."""

    def __init__(
        self,
        url: str,
        *,
        key: str,
        mount: str = "transit",
        token: str = "",
        token_file: Path | None = None,
        namespace: str = "",
        authorities: str = "",
        older: MasterKey | None = None,
    ) -> None:
        """Ask nothing yet. `authorities`: a file of certificates to trust instead of the system's.

        The token is read from its file whenever Vault refuses the one before. Raises KeyFileError without any.
        """
        self._key, self._mount, self._file, self._older = key, mount, token_file, older
        self._lock = threading.Lock()
        self._latest = 0
        self._client = hvac.Client(
            url=url,
            token=self._token() if token_file is not None else token,
            timeout=TIMEOUTS_S,
            namespace=namespace or None,
            verify=authorities or True,
        )
        if not self._client.token:
            raise KeyFileError("there is no token for Vault: set WATCHWORD_VAULT_TOKEN_FILE")
        self._client.session.trust_env = False  # neither somebody's proxy nor a .netrc

    def __repr__(self) -> str:
        """Say nothing of where it is and how one gets in."""
        return "VaultMaster()"

    def wrap(self, keys: Sequence[tuple[str, bytes]], like: bytes = b"") -> list[bytes]:
        """Wrap these keys, each under its name; by the older master key as long as that is in use."""
        if like and like[:1] != VAULT:
            return self._local().wrap(keys, like)
        given = [{"plaintext": _text(key + _digest(name))} for name, key in keys]
        found = [each["ciphertext"].encode() for each in self._asked("encrypt", given, [name for name, _ in keys])]
        self._latest = max(self._latest, *map(_version, found), 0)
        return [VAULT + each for each in found]

    def unwrap(self, wrapped: Sequence[tuple[str, bytes]]) -> list[bytes]:
        """The keys themselves. Raises WrongMasterKey."""
        found: dict[int, bytes] = {}
        ours = [at for at, (_, each) in enumerate(wrapped) if each[:1] != VAULT]
        if ours:
            found |= zip(ours, self._local().unwrap([wrapped[at] for at in ours]), strict=True)
        theirs = [at for at in range(len(wrapped)) if at not in found]
        names = [wrapped[at][0] for at in theirs]
        given = [{"ciphertext": wrapped[at][1][len(VAULT) :].decode("ascii", "replace")} for at in theirs]
        for at, name, each in zip(theirs, names, self._asked("decrypt", given, names), strict=True):
            secret = base64.b64decode(each["plaintext"])
            if secret[SIZE:] != _digest(name):
                raise WrongMasterKey.of(name)
            found[at] = secret[:SIZE]
        return [found[at] for at in range(len(wrapped))]

    def rewrap(self, wrapped: Sequence[tuple[str, bytes]]) -> list[bytes]:
        """The same keys under the newest version of the transit key; what is Vault's already never leaves it."""
        found: dict[int, bytes] = {}
        ours = [at for at, (_, each) in enumerate(wrapped) if each[:1] != VAULT]
        if ours:
            names = [wrapped[at][0] for at in ours]
            opened = self._local().unwrap([wrapped[at] for at in ours])
            found |= zip(ours, self.wrap([*zip(names, opened, strict=True)]), strict=True)
        theirs = [at for at in range(len(wrapped)) if at not in found]
        given = [{"ciphertext": wrapped[at][1][len(VAULT) :].decode("ascii", "replace")} for at in theirs]
        asked = self._asked("rewrap", given, [wrapped[at][0] for at in theirs])
        for at, each in zip(theirs, asked, strict=True):
            found[at] = VAULT + each["ciphertext"].encode()
            self._latest = max(self._latest, _version(each["ciphertext"].encode()))
        return [found[at] for at in range(len(wrapped))]

    def current(self, wrapped: bytes) -> bool:
        """Whether this was wrapped by the newest version of the transit key that has shown itself here."""
        return wrapped[:1] == VAULT and _version(wrapped[len(VAULT) :]) >= self._latest > 0

    def original(self) -> bytes | None:
        """The oldest master key outside of Vault, if any is still here."""
        return None if self._older is None else self._older.original()

    def _local(self) -> MasterKey:
        if self._older is None:
            raise WrongMasterKey(
                "keys are wrapped by a master key outside of Vault: set it too, and run `watchword keys rotate`"
            )
        return self._older

    def _token(self) -> str:
        try:
            return "" if self._file is None else self._file.read_text(encoding="utf-8").strip()
        except OSError:
            raise KeysUnavailable("the file of Vault's token cannot be read") from None

    def _asked(self, what: str, given: list[dict[str, str]], names: list[str]) -> list[dict[str, Any]]:
        """The results, in order. Raises KeysUnavailable, or WrongMasterKey naming what was refused."""
        found: list[dict[str, Any]] = []
        for start in range(0, len(given), AT_ONCE):
            some, about = given[start : start + AT_ONCE], names[start : start + AT_ONCE]
            results = self._answered(what, some, about)
            for name, each in zip(about, results, strict=True):
                if each.get("error"):
                    raise WrongMasterKey.of(name)
            found += results
        return found

    def _answered(self, what: str, given: list[dict[str, str]], names: list[str]) -> list[dict[str, Any]]:
        try:
            try:
                answer = self._call(what, given)
            except (Forbidden, Unauthorized):
                if not self._taken_anew():
                    raise
                answer = self._call(what, given)
            results: list[dict[str, Any]] = answer["data"]["batch_results"]
        except (Forbidden, Unauthorized):
            raise KeysUnavailable("Vault refuses the token, or its policy does not allow this key") from None
        except InvalidRequest as error:
            raise _refused(error, names) from None
        except (VaultDown, RateLimitExceeded):
            raise KeysUnavailable("Vault is sealed, or does not answer now") from None
        except VaultError as error:
            raise KeysUnavailable(f"Vault failed ({type(error).__name__})") from None
        except RequestException as error:
            raise KeysUnavailable(f"Vault cannot be reached ({type(error).__name__})") from None
        except (KeyError, TypeError, ValueError):
            raise KeysUnavailable("what answered is not Vault's transit engine") from None
        if len(results) != len(given):
            raise KeysUnavailable("what answered is not Vault's transit engine")
        return results

    def _call(self, what: str, given: list[dict[str, str]]) -> Any:
        transit = self._client.secrets.transit
        calls: dict[str, Callable[..., Any]] = {"encrypt": transit.encrypt_data, "decrypt": transit.decrypt_data}
        if what == "rewrap":
            return transit.rewrap_data(self._key, "", batch_input=given, mount_point=self._mount)
        return calls[what](self._key, batch_input=given, mount_point=self._mount)

    def _taken_anew(self) -> bool:
        """Whether the file has another token by now; it is used from here on."""
        with self._lock:
            token = self._token()
            if not token or token == self._client.token:
                return False
            self._client.token = token
            return True


def _refused(error: InvalidRequest, names: list[str]) -> Exception:
    """What a 400 says: which of the batch did not open (one is enough for it), or that there is no such key."""
    told = error.json if isinstance(error.json, dict) else {}
    data = told.get("data")
    results = data.get("batch_results") if isinstance(data, dict) else None
    for name, each in zip(names, results or (), strict=False):
        if isinstance(each, dict) and each.get("error"):
            return WrongMasterKey.of(name)
    return KeysUnavailable("Vault refuses the request: is there such a transit key?")


def _version(ciphertext: bytes) -> int:
    """The version in `vault:v3:...`; 0 where there is none."""
    part = ciphertext[:24].split(b":")[1:2]
    return int(part[0][1:]) if part and part[0][1:].isdigit() else 0


def _digest(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()

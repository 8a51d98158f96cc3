"""The workshop: where bundles are made and kept, for how long, and by whose clock they are timestamped."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from cryptography import x509

from service.bundle.pieces import Exports
from service.bundle.stamped import certificates


class Workshop:
    """What the making of bundles needs beside the desk."""

    def __init__(self, folder: Path, kept: timedelta, *, tsa_url: str = "", tsa_ca: str = "") -> None:
        """`tsa_ca`: the certificates (PEM) that the authority's timestamps have to be borne out by."""
        self.exports = Exports(folder)
        self.kept = kept
        self.tsa_url = tsa_url
        self.authority = tsa_ca
        self.roots: Sequence[x509.Certificate] = certificates(tsa_ca) if tsa_ca else ()
        self.asked = asyncio.Event()  # something is to be made

    @property
    def software(self) -> str:
        """What made a bundle, as it says itself."""
        try:
            return f"watchword {version('watchword')}"
        except PackageNotFoundError:
            return "watchword"

"""Authority as a document: the one adopted on first start, and the published shape of any.

`default.json` is the first; `schema.py` makes `openapi/authority.schema.json` from the shape that `domain.grant` gives
it. What is in force, and what it says, is the domain's: `domain.authority`.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from domain.grant import AuthorityDocument

DEFAULT = msgspec.json.decode(Path(__file__).with_name("default.json").read_bytes(), type=AuthorityDocument)
"""What is adopted where no authority is in force yet: every tier may do what is ordinary, at any hour."""

__all__ = ["DEFAULT"]

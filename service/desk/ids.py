"""Ids in bodies: what a path takes for one, a body takes too, and nothing else gets as far as the log."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

Id = Annotated[str, Meta(pattern="^[0-9A-Za-z_-]{1,64}$")]
MaybeId = Annotated[str, Meta(pattern="^[0-9A-Za-z_-]{0,64}$", description="empty: not given")]

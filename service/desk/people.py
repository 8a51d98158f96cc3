"""People as the back office and callers give them: the facts, normalised and marked, and what is kept of a person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import msgspec
from msgspec import Meta

from domain.document import normalise
from domain.fact import FactKind
from domain.refusal import Refused
from service.sealing import Marks

KINDS: tuple[FactKind, ...] = ("surname", "given_name", "date_of_birth", "email", "phone", "loyalty")

Fact = Annotated[str, Meta(min_length=1, max_length=128)]


class Facts(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """What a caller offered to be identified by, or what is known of a person. Dates are ISO 8601."""

    surname: Annotated[str, Meta(max_length=128, examples=["Grey"])] = ""
    given_name: Annotated[str, Meta(max_length=128, examples=["Alma"])] = ""
    date_of_birth: Annotated[str, Meta(max_length=10, examples=["1988-04-12"])] = ""
    email: Annotated[str, Meta(max_length=254, examples=["alma@example.org"])] = ""
    phone: Annotated[str, Meta(max_length=32, examples=["+447700900123"])] = ""
    loyalty: Annotated[str, Meta(max_length=64)] = ""

    def __repr__(self) -> str:
        """Say which facts there are, never what they say."""
        return f"Facts({', '.join(self.kinds())})"

    def kinds(self) -> tuple[str, ...]:
        """The kinds of fact that were given."""
        return tuple(kind for kind in KINDS if getattr(self, kind))

    def normal(self, place: str) -> dict[FactKind, str]:
        """The facts as they are compared. Raises Refused("bad_fact") naming one that says nothing of its kind."""
        facts: dict[FactKind, str] = {}
        for kind in KINDS:
            given = getattr(self, kind)
            if given:
                facts[kind] = normalise(kind, given)
                if not facts[kind]:
                    raise Refused(
                        "bad_fact",
                        f"this is no {kind.replace('_', ' ')}; correct it or leave it out",
                        place=f"{place}.{kind}",
                    )
        return facts


def marked(marks: Marks, party_id: str, facts: Mapping[FactKind, str]) -> dict[str, str]:
    """Each fact's mark under one person's key, by kind."""
    return {kind: marks.fact(party_id, kind, value) for kind, value in facts.items()}

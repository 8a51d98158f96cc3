"""Calls about the rules that open incidents."""

from __future__ import annotations

import msgspec

from domain.rule import DEFAULT
from service.api.route import Call
from service.office import ruling

_BOOK = msgspec.to_builtins(DEFAULT)

CALLS: tuple[Call, ...] = (
    Call("read_rules", "GET", "/v1/rules", "Read the rules in force", "rules", ruling.RulesAnswer, ruling.read_rules),
    Call(
        "adopt_rules", "POST", "/v1/rules", "Adopt rules", "rules",
        ruling.RulesAnswer, ruling.adopt_rules, ruling.AdoptRules, keyed=True, example={"book": _BOOK},
    ),
    Call(
        "try_rules", "POST", "/v1/rules/try", "Try rules on the past", "rules",
        ruling.TryRulesAnswer, ruling.try_rules, ruling.TryRules, problems=(404,),
        example={"book": _BOOK, "since": "2027-05-01T00:00:00Z"},
    ),
)  # fmt: skip

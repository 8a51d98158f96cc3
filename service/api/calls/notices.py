"""Calls about what goes out to customers."""

from __future__ import annotations

from service.api.route import Call
from service.safety import noticing

_ALMA = {"kind": "email", "value": "alma@example.org"}

CALLS: tuple[Call, ...] = (
    Call(
        "decide_notices", "POST", "/v1/notices/decisions", "Decide on a notice, for each recipient and channel",
        "notices", noticing.NoticesAnswer, noticing.decide_notices, noticing.DecideNotices,
        example={
            "kind": "schedule_change", "locator": "YL92CN", "recipients": [{"channel": "mail", "to": _ALMA}],
        },
    ),
)  # fmt: skip

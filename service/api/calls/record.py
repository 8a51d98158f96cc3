"""Calls that read the record."""

from __future__ import annotations

from service.api.route import Call
from service.office import reading

CALLS: tuple[Call, ...] = (
    Call(
        "read_history", "GET", "/v1/accounts/{account_id}/history", "Read an account's history", "record",
        reading.HistoryAnswer, reading.history, query=reading.HistoryPage, problems=(404,),
    ),
)  # fmt: skip

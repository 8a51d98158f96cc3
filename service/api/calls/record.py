"""Calls that read the record."""

from __future__ import annotations

from service.api.route import Call
from service.record import decisions, differing, history, replaying

CALLS: tuple[Call, ...] = (
    Call(
        "read_history", "GET", "/v1/accounts/{account_id}/history", "Read an account's history", "record",
        history.HistoryAnswer, history.history, query=history.HistoryPage, problems=(404,),
    ),
    Call(
        "read_differences", "GET", "/v1/accounts/{account_id}/differences",
        "Read what changed on an account between two moments", "record", differing.DifferencesAnswer,
        differing.differences, query=differing.DifferencesPage, problems=(404,),
    ),
    Call(
        "read_views", "GET", "/v1/accounts/{account_id}/views",
        "Read an account as the front line saw it and as it truly was", "record", differing.ViewsAnswer,
        differing.views, query=differing.ViewsPage, problems=(404,),
    ),
    Call(
        "read_decision", "GET", "/v1/decisions/{decision_id}", "Read a decision, in the words of your role", "record",
        decisions.DecisionAnswer, decisions.decision, query=decisions.DecisionPage, problems=(404,),
    ),
    Call(
        "replay_decision", "POST", "/v1/decisions/{decision_id}/replay", "Make a decision again from the log", "record",
        replaying.ReplayAnswer, replaying.replay, problems=(404,),
    ),
)  # fmt: skip

"""Calls about what goes on on the line: consent, who is put through, what is to be done, what went wrong."""

from __future__ import annotations

from service.api.route import Call
from service.line import acting, consenting, dialling, disputing

_ID = "0" * 32

CALLS: tuple[Call, ...] = (
    Call(
        "request_action", "POST", "/v1/interactions/{interaction_id}/actions", "Ask for something to be done",
        "interactions", acting.ActionAnswer, acting.request, acting.RequestAction, keyed=True, problems=(404,),
        example={"action": "cancel", "locator": "YL92CN", "details": "both seats"}, anew=True,
    ),
    Call(
        "ask_dial", "POST", "/v1/interactions/{interaction_id}/dials", "Ask who may be put on the line",
        "interactions", dialling.DialAnswer, dialling.ask_dial, dialling.AskDial, problems=(404,),
        example={"purpose": "dealer", "locator": "YL92CN", "place": "98101"},
    ),
    Call(
        "give_consent", "POST", "/v1/interactions/{interaction_id}/consents", "Let somebody on the line hear more",
        "interactions", consenting.ConsentAnswer, consenting.give, consenting.GiveConsent, keyed=True,
        problems=(404, 409), example={"listener_id": _ID, "classes": ["I"]},
    ),
    Call(
        "open_dispute", "POST", "/v1/interactions/{interaction_id}/dispute", "The caller says that it is wrong",
        "interactions", disputing.DisputeAnswer, disputing.open_dispute, disputing.OpenDispute, keyed=True,
        problems=(404, 409), example={"words": "I do not fly from there"},
    ),
    Call(
        "close_dispute", "POST", "/v1/interactions/{interaction_id}/dispute/resolve", "Let the contact go on",
        "interactions", disputing.ResolvedAnswer, disputing.close_dispute, disputing.ResolveDispute, keyed=True,
        problems=(404, 409), example={"words": "read from the right record"},
    ),
    Call(
        "report_mistake", "POST", "/v1/interactions/{interaction_id}/mistake", "Say that too much was told",
        "interactions", disputing.MistakeAnswer, disputing.report_mistake, disputing.ReportMistake, keyed=True,
        problems=(404, 409), example={"said": "I read out where she flies", "decision_id": _ID},
    ),
    Call(
        "list_actions", "GET", "/v1/actions", "List what waits to be done", "actions",
        acting.ActionsAnswer, acting.listed, query=acting.ActionsPage,
    ),
    Call(
        "read_action", "GET", "/v1/actions/{decision_id}", "Read what was said of an action", "actions",
        acting.ActionDetails, acting.read, problems=(404,),
    ),
    Call(
        "close_action", "POST", "/v1/actions/{decision_id}/done", "Say what became of an action", "actions",
        acting.ClosedAction, acting.close, acting.CloseAction, keyed=True, problems=(404, 409),
        example={"result": "done", "words": "cancelled and confirmed"},
    ),
)  # fmt: skip

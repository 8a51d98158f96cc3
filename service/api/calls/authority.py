"""Calls about authority: what a tier may do, what was judged, and what is acted on or passed on at once."""

from __future__ import annotations

from service.api.route import Call
from service.authority.schema import EXAMPLE
from service.line import authorising, escalating, signalling

CALLS: tuple[Call, ...] = (
    Call(
        "ask_authority", "POST", "/v1/interactions/{interaction_id}/authority", "May I do this now?", "authority",
        authorising.RulingAnswer, authorising.ask_authority, authorising.AskAuthority, problems=(404, 409),
        example={"action": "cancel", "confirmation": {"by": "warehouse", "person": "Ms Osei, extension 4100"}},
    ),
    Call(
        "record_judgement", "POST", "/v1/interactions/{interaction_id}/judgements", "Say what you granted, and why",
        "authority", authorising.JudgementAnswer, authorising.record_judgement, authorising.RecordJudgement, 201,
        keyed=True, problems=(404, 409),
        example={"action": "waive_fee", "granted": "the change fee", "why": "the airline moved the flight twice"},
    ),
    Call(
        "raise_safety_signal", "POST", "/v1/interactions/{interaction_id}/safety-signal",
        "It is about health or safety", "authority", signalling.SignalAnswer, signalling.raise_safety_signal,
        signalling.RaiseSafetySignal, 201, keyed=True, example={"kind": "health"},
    ),
    Call(
        "record_safety_act", "POST", "/v1/interactions/{interaction_id}/safety-signal/{signal_id}/done",
        "Say what was done about it", "authority", signalling.SafetyActAnswer, signalling.record_safety_act,
        signalling.RecordSafetyAct, 201, keyed=True, problems=(404,), example={"did": "transferred"},
    ),
    Call(
        "raise_escalation", "POST", "/v1/interactions/{interaction_id}/escalations", "Somebody claims an office",
        "authority", escalating.EscalationAnswer, escalating.raise_escalation, escalating.RaiseEscalation, 201,
        keyed=True, example={"claim": "police", "words": "says he is a detective"},
    ),
    Call(
        "read_authority", "GET", "/v1/authority", "Read what you may do", "authority",
        authorising.AuthorityAnswer, authorising.read_authority,
    ),
    Call(
        "adopt_authority", "POST", "/v1/authority", "Adopt who may do what", "authority",
        authorising.AuthorityAdoptedAnswer, authorising.adopt_authority, authorising.AdoptAuthority, keyed=True,
        example={"document": EXAMPLE},
    ),
)  # fmt: skip

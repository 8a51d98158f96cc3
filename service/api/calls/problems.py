"""Calls about problems: a cause that cases share, who suffers from it, and who was told and did not answer."""

from __future__ import annotations

from service.api.route import Call
from service.office import problems

CALLS: tuple[Call, ...] = (
    Call(
        "open_problem", "POST", "/v1/problems", "Name a cause that cases share", "problems",
        problems.ProblemAnswer, problems.open_problem, problems.OpenProblem, 201, keyed=True,
        example={"title": "Seats are paid for and not assigned.", "about": "website.seats"},
    ),
    Call(
        "list_problems", "GET", "/v1/problems", "List the problems, oldest first", "problems",
        problems.ProblemsAnswer, problems.listed, query=problems.ProblemQuery,
    ),
    Call(
        "join_problem", "POST", "/v1/problems/{problem_id}/victims", "Say who suffers from it", "problems",
        problems.ProblemAnswer, problems.join, problems.JoinVictims, keyed=True, problems=(404, 409),
        example={"commitments": ["0" * 32]},
    ),
    Call(
        "escalate_problem", "POST", "/v1/problems/{problem_id}/escalations", "Tell somebody about it", "problems",
        problems.ProblemEscalation, problems.escalate, problems.EscalateProblem, 201, keyed=True, problems=(404, 409),
        example={"to": "tier-3", "due_at": "2027-05-01T12:00:00Z", "words": "Every second seat of today is lost."},
    ),
    Call(
        "answer_problem", "POST", "/v1/problems/{problem_id}/escalations/{escalation_id}/answer",
        "Answer an escalation", "problems", problems.ProblemEscalation, problems.answer, problems.AnswerProblem,
        keyed=True, problems=(404, 409), example={"words": "The website is mended; every seat is paid back."},
    ),
    Call(
        "accept_problem_answer", "POST", "/v1/problems/{problem_id}/escalations/{escalation_id}/accept",
        "Say whether that answer will do", "problems", problems.ProblemEscalation, problems.accept,
        problems.AcceptProblem, keyed=True, problems=(404, 409), example={"accepted": True},
    ),
    Call(
        "close_problem", "POST", "/v1/problems/{problem_id}/close", "Say that the cause is gone", "problems",
        problems.ProblemAnswer, problems.close, keyed=True, problems=(404, 409),
    ),
)  # fmt: skip

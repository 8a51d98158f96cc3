"""Problems: every error as RFC 9457 has it, `application/problem+json`, saying what is wrong, where, and what to do.

A refusal to disclose is no error and never comes this way. Where the log cannot be written the answer is the neutral
line.
"""

from __future__ import annotations

import logging
from typing import Any, cast

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from domain.refusal import Refused
from service.line.disclosing import WITHHELD_SAY
from service.log import LogError
from service.passcodes import Overloaded
from service.sealing import KeyMissing, KeysUnavailable
from service.tokens import IssuerUnavailable

log = logging.getLogger("watchword.api")

MEDIA_TYPE = "application/problem+json"

TITLES = {
    400: "The request cannot be read",
    401: "A valid token is needed",
    403: "Your role may not do this",
    404: "There is no such thing",
    405: "This method is not offered here",
    406: "Only JSON is offered",
    409: "Not as things stand",
    410: "This was used or has expired",
    411: "The length of the body is needed",
    413: "The body is too large",
    415: "The body must be JSON",
    422: "The request is not valid",
    429: "Too much at once",
    500: "Something went wrong here",
    503: "Not available now",
}

# The status of a refused command, by its code; 422 for any other.
STATUSES = {
    "unknown_account": 404,
    "unknown_interaction": 404,
    "unknown_protection": 404,
    "unknown_incident": 404,
    "unknown_entry": 404,
    "unknown_exhibit": 404,
    "exhibit_already": 409,
    "withdrawn_already": 409,
    "too_many_exhibits": 409,
    "too_many_annotations": 409,
    "too_many_tags": 409,
    "unknown_try": 404,
    "forgotten_already": 409,
    "held": 409,
    "protected": 409,
    "named_adverse": 409,
    "nothing_asked": 409,
    "another_digest": 409,
    "hold_over": 409,
    "unknown_webhook": 404,
    "another_agents": 409,
    "another_person": 409,
    "bound_anew": 409,
    "caller_stays": 409,
    "closed_already": 409,
    "with_a_colleague": 409,
    "confirmed_already": 409,
    "safe_contact_differs": 409,
    "interaction_over": 409,
    "lapsed": 409,
    "not_a_call_back": 409,
    "not_disputed": 409,
    "not_your_judgement": 409,
    "not_your_tier": 403,
    "not_protected": 409,
    "too_many_listeners": 409,
    "not_executive": 409,
    "not_theirs": 409,
    "nothing_to_accept": 409,
    "over": 409,
    "own_answer": 409,
    "problem_closed": 409,
    "still_linked": 409,
    "still_open": 409,
    "too_many_escalations": 409,
    "code_spent": 410,
    "answered_already": 409,
    "approved_already": 409,
    "not_approved": 409,
    "review_first": 409,
    "reviewed_already": 409,
    "wrong_channel": 403,
    "unknown_override": 404,
    "unknown_tile": 404,
    "unknown_position": 404,
    "link_spent": 410,
    "unknown_export": 404,
    "not_made": 409,
    "elsewhere": 409,
    "discarded": 410,
}
PATH_PLACES = ("decision_id", "account_id", "booking_id", "listener_id", "interaction_id")


class Problem(Exception):
    """An error as it is answered."""

    def __init__(
        self, status: int, code: str, detail: str, *, place: str = "", headers: dict[str, str] | None = None
    ) -> None:
        """`code` is stable and ends the problem's type; `place` names the part of the request."""
        super().__init__(code)
        self.status = status
        self.code = code
        self.detail = detail
        self.place = place
        self.headers = headers or {}


def answer(request: Request, problem: Problem, **more: Any) -> Response:
    """The problem as a response. `instance` is the request's id, for the log."""
    body: dict[str, Any] = {
        "type": f"urn:watchword:problem:{problem.code}",
        "title": TITLES.get(problem.status, "An error"),
        "status": problem.status,
        "detail": problem.detail,
        "instance": f"urn:watchword:request:{request.scope.get('request_id', '')}",
    }
    if problem.place:
        body["place"] = problem.place
    body |= more
    return Response(msgspec.json.encode(body), problem.status, problem.headers, MEDIA_TYPE)


async def on_problem(request: Request, error: Exception) -> Response:
    """A problem raised on purpose."""
    return answer(request, cast(Problem, error))


async def on_refused(request: Request, error: Exception) -> Response:
    """A command that the rules do not allow."""
    error = cast(Refused, error)
    status = STATUSES.get(error.code, 422)
    if error.code.startswith("unknown_") and error.place in request.path_params:
        status = 404
    return answer(request, Problem(status, error.code, error.detail, place=error.place))


async def on_http(request: Request, error: Exception) -> Response:
    """What the framework refuses: no such path, no such method."""
    error = cast(HTTPException, error)
    details = {
        404: "there is nothing at this path; see /docs",
        405: "see the Allow header for the methods of this path",
    }
    detail = details.get(error.status_code, "correct the request and send it again")
    headers = dict(error.headers or {})
    if "Allow" in headers:
        headers["Allow"] = ", ".join(_methods(request))
    problem = Problem(error.status_code, f"http-{error.status_code}", detail, headers=headers)
    return answer(request, problem)


def _methods(request: Request) -> list[str]:
    """Every method of a path. The framework knows those of one route, and a path can have several."""
    routes = [route for route in request.app.routes if isinstance(route, Route)]
    return sorted(
        {method for route in routes if route.path_regex.match(request.url.path) for method in route.methods or ()}
    )


async def on_unavailable(request: Request, error: Exception) -> Response:
    """Nothing can be recorded, so nothing is disclosed. The same words whoever asked about whatever."""
    log.error("unavailable", extra={"reason": type(error).__name__})
    retry = {"Retry-After": "2"}
    detail = "nothing could be recorded, so nothing is disclosed; try again shortly"
    problem = Problem(503, "unavailable", detail, headers=retry)
    return answer(request, problem, outcome="withheld", say=WITHHELD_SAY, next_step="ask_passcode")


async def on_forgotten(request: Request, _error: Exception) -> Response:
    """Something was to be sealed under a key that was destroyed. Which one would say whose."""
    detail = "nothing may be written about a person who was forgotten"
    return answer(request, Problem(409, "forgotten", detail))


async def on_overloaded(request: Request, _error: Exception) -> Response:
    """More passcodes at once than can be tried."""
    problem = Problem(
        503, "busy", "too many passcodes are being tried at once; try again", headers={"Retry-After": "1"}
    )
    return answer(request, problem, outcome="withheld", say=WITHHELD_SAY, next_step="ask_passcode")


async def on_bug(request: Request, error: Exception) -> Response:
    """Anything else is ours.

    Its type and place go to the log; neither its words nor its values, which could be personal.
    """
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = "" if trace is None else f"{trace.tb_frame.f_code.co_filename.rpartition('/')[2]}:{trace.tb_lineno}"
    log.error("internal error", extra={"reason": type(error).__name__, "where": where})
    problem = Problem(500, "internal", "this is a fault of the service; quote the instance when you report it")
    return answer(request, problem, outcome="withheld", say=WITHHELD_SAY, next_step="ask_passcode")


HANDLERS = {
    Problem: on_problem,
    Refused: on_refused,
    HTTPException: on_http,
    LogError: on_unavailable,
    KeysUnavailable: on_unavailable,
    KeyMissing: on_forgotten,
    IssuerUnavailable: on_unavailable,
    Overloaded: on_overloaded,
    Exception: on_bug,
}

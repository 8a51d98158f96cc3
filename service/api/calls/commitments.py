"""Calls about commitments: promises, what was done about them, and who accepts it."""

from __future__ import annotations

from service.api.route import Call
from service.office import commitments, committing

CALLS: tuple[Call, ...] = (
    Call(
        "make_commitment", "POST", "/v1/commitments", "Promise something", "commitments",
        committing.CommitmentAnswer, committing.make, committing.MakeCommitment, 201, keyed=True,
        problems=(404, 409),
        example={
            "kind": "promise", "owner": "tier-2", "due_at": "2027-05-01T12:00:00Z",
            "words": "We call back with the answer of the airline.",
        },
    ),
    Call(
        "list_commitments", "GET", "/v1/commitments", "List the commitments that are yours", "commitments",
        commitments.CommitmentsAnswer, commitments.listed, query=commitments.CommitmentQuery,
    ),
    Call(
        "read_commitment", "GET", "/v1/commitments/{commitment_id}", "Read what was promised", "commitments",
        commitments.CommitmentWords, commitments.read, problems=(404,),
    ),
    Call(
        "answer_commitment", "POST", "/v1/commitments/{commitment_id}/answers", "Say what was done about it",
        "commitments", committing.CommitmentAnswer, committing.answer, committing.AnswerCommitment, keyed=True,
        problems=(404, 409), example={"how": "voicemail", "words": "Rang once; nobody answered."},
    ),
    Call(
        "accept_commitment", "POST", "/v1/commitments/{commitment_id}/accept", "Say whether the answer will do",
        "commitments", committing.CommitmentAnswer, committing.accept, committing.AcceptCommitment, keyed=True,
        problems=(404, 409), example={"accepted": True},
    ),
    Call(
        "answer_for_commitment", "POST", "/v1/commitments/{commitment_id}/answer-for",
        "Answer for one on the executive list", "commitments",
        committing.CommitmentAnswer, committing.answer_for, committing.AnswerFor, keyed=True, problems=(404, 409),
        example={"words": "Nobody was told whose it was; the queue has an owner now."},
    ),
)  # fmt: skip

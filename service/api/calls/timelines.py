"""Calls about an incident's timeline, for legal."""

from __future__ import annotations

from projections.entry import ExhibitLine
from service.api.route import Call
from service.timeline import exhibits, reading

CALLS: tuple[Call, ...] = (
    Call(
        "read_timeline", "GET", "/v1/incidents/{incident_id}/timeline", "Read an incident's timeline", "timelines",
        reading.TimelineAnswer, reading.read_timeline, query=reading.TimelinePage, problems=(404,),
        offers=reading.MEDIA,
    ),
    Call(
        "list_exhibits", "GET", "/v1/incidents/{incident_id}/exhibits", "List an incident's exhibits", "timelines",
        exhibits.ExhibitsAnswer, exhibits.list_exhibits, problems=(404,),
    ),
    Call(
        "add_exhibit", "POST", "/v1/incidents/{incident_id}/exhibits", "Make an entry an exhibit", "timelines",
        ExhibitLine, exhibits.add_exhibit, exhibits.AddExhibit, 201, keyed=True, problems=(404, 409),
        example={"position": 4711},
    ),
    Call(
        "withdraw_exhibit", "POST", "/v1/incidents/{incident_id}/exhibits/{number}/withdraw", "Withdraw an exhibit",
        "timelines", ExhibitLine, exhibits.withdraw_exhibit, exhibits.WithdrawExhibit, keyed=True,
        problems=(404, 409), example={"words": "It is of another customer."},
    ),
    Call(
        "change_annotations", "POST", "/v1/incidents/{incident_id}/annotations", "Pin, tag or comment on an entry",
        "timelines", exhibits.AnnotationsAnswer, exhibits.change_annotations, exhibits.ChangeAnnotations, keyed=True,
        problems=(404, 409), example={"position": 4711, "pinned": True, "tag": ["first-call"]},
    ),
)  # fmt: skip

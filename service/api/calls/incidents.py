"""Calls about incidents, for those who answer for them."""

from __future__ import annotations

from service.api.route import Call
from service.office import incidents

CALLS: tuple[Call, ...] = (
    Call(
        "list_incidents", "GET", "/v1/incidents", "List incidents", "incidents",
        incidents.IncidentsAnswer, incidents.list_incidents, query=incidents.IncidentsPage,
    ),
    Call(
        "read_incident", "GET", "/v1/incidents/{incident_id}", "Read an incident", "incidents",
        incidents.IncidentAnswer, incidents.read_incident, problems=(404,),
    ),
    Call(
        "close_incident", "POST", "/v1/incidents/{incident_id}/close", "Close an incident", "incidents",
        incidents.IncidentAnswer, incidents.close_incident, incidents.CloseIncident, keyed=True, problems=(404, 409),
        example={"words": "she was warned and has moved on; the agent was retrained"},
    ),
)  # fmt: skip

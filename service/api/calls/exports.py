"""Calls about exports: evidence bundles that leave the building, asked for and taken away by legal."""

from __future__ import annotations

from starlette.responses import FileResponse

from service.api.route import Call
from service.bundle import asking
from service.desk.desk import Desk
from service.desk.draft import Asker

ZIP = "application/zip"


async def read_export_bag(desk: Desk, asker: Asker, export_id: str) -> FileResponse:
    """The bundle as one file, in parts where the request asks for a range. Raises as `asking.take_export`."""
    path = await asking.take_export(desk, asker, export_id)
    return FileResponse(
        path, media_type=ZIP, filename=f"watchword-{export_id}.zip", headers={"Cache-Control": "no-store"}
    )


CALLS: tuple[Call, ...] = (
    Call(
        "ask_export", "POST", "/v1/incidents/{incident_id}/exports", "Ask for an evidence bundle", "exports",
        asking.ExportAnswer, asking.ask_export, asking.AskExport, status=202, keyed=True, problems=(404,),
        example={"for_whom": "the High Court", "purpose": "court_order", "words": "order of 1 March, paragraph 4"},
    ),
    Call(
        "list_exports", "GET", "/v1/incidents/{incident_id}/exports", "List an incident's bundles", "exports",
        asking.ExportsAnswer, asking.list_exports, query=asking.ExportsPage, problems=(404,),
    ),
    Call(
        "read_export", "GET", "/v1/exports/{export_id}", "Read how far a bundle is", "exports",
        asking.ExportAnswer, asking.read_export, problems=(404,),
    ),
    Call(
        "read_export_bag", "GET", "/v1/exports/{export_id}/bag", "Take a bundle away", "exports",
        bytes, read_export_bag, problems=(404, 409, 410), media=ZIP,
    ),
)  # fmt: skip

"""The caller's part of the audit log."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.responses import Response

from cronpp_app.api.answers import page_answer
from cronpp_app.api.audit_schemas import AuditEntryAnswer
from cronpp_app.api.documented import problems
from cronpp_app.api.requests import Api, CurrentUser, Paging
from cronpp_app.api.schemas import PageAnswer
from cronpp_app.services.audit import AuditAction, AuditEntry, AuditQuery
from cronpp_app.services.texts import moment_text


class AuditParameters(Paging):
    """The query of a list of audit entries."""

    action: AuditAction | None = Field(default=None, description="only entries of this action")


router = APIRouter(prefix="/audit", tags=["audit"])


@router.get("", responses={200: {"model": PageAnswer[AuditEntryAnswer]}, **problems(403, 422)})
async def search(
    api: Api, user: CurrentUser, query: Annotated[AuditParameters, Query()]
) -> Response:
    """List what concerns the caller or was done by them, the newest first."""
    async with api.lists:
        page = await api.audit.own(user, AuditQuery(**query.model_dump()))
    return await page_answer(page, entry_fields)


def entry_fields(entry: AuditEntry) -> dict[str, Any]:
    """Return an entry as JSON."""
    fields = asdict(entry)
    return fields | {"at": moment_text(entry.at), "changes": list(fields["changes"])}

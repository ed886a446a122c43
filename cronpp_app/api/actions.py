"""Trying out actions."""

from fastapi import APIRouter
from starlette.responses import JSONResponse, Response

from cronpp_app.api.bodies import JsonBody
from cronpp_app.api.documented import JOB_EXAMPLE, body_of, problems
from cronpp_app.api.requests import Api, CurrentUser
from cronpp_app.api.run_schemas import AttemptAnswer
from cronpp_app.services.draft_models import ActionTest
from cronpp_app.services.drafts import attempt_fields, parse_action

router = APIRouter(prefix="/actions", tags=["actions"])


@router.post(
    "/test",
    openapi_extra=body_of(ActionTest, {"action": JOB_EXAMPLE["action"]}),
    responses={200: {"model": AttemptAnswer}, **problems(403, 413, 415, 422)},
)
async def test(api: Api, user: CurrentUser, body: JsonBody) -> Response:
    """Perform an action once, now, within 60 s; nothing is stored, and nothing retried."""
    action = parse_action(body, now=api.clock(), check_target=api.jobs.check_target)
    return JSONResponse(attempt_fields(await api.actions.test(user, action)))

"""The OpenAPI document, and its pages from local files."""

import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic.json_schema import models_json_schema
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import compile_path
from starlette.staticfiles import StaticFiles

from cronpp_app import __version__
from cronpp_app.api.documented import REQUEST_MODELS
from cronpp_app.api.examples import add_examples
from cronpp_app.api.schemas import Problem

_REF = "#/components/schemas/{model}"
_ABOUT = (
    "Cron++ calls URLs on schedules. Sign in with `POST /api/auth/login` and send the token as "
    "`Authorization: Bearer …`. Times are RFC 3339 in UTC; errors are `application/problem+json`."
)
_SCHEMES = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "A session token from login, or an API token",
    },
    "cookie": {
        "type": "apiKey",
        "in": "cookie",
        "name": "cronpp_session",
        "description": "The browser's session; changes must also carry `X-CSRF-Token`",
    },
}
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Cron++ API</title>
<link rel="stylesheet" href="/api/docs/files/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="/api/docs/files/swagger-ui-bundle.js"></script>
<script>SwaggerUIBundle({url: "/api/openapi.json", dom_id: "#swagger-ui"});</script>
</body>
</html>
"""


def document_of(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of `app`; made when it is first asked for."""
    if app.openapi_schema is None:
        app.openapi_schema = _made(app)
    return app.openapi_schema


def operation_id(route: APIRoute) -> str:
    """Return what generated clients call the function for `route`, like jobs_create."""
    module = route.endpoint.__module__.rpartition(".")[2]
    return f"{module}_{route.name}"


def methods_at(path: str, document: dict[str, Any]) -> set[str]:
    """Return the methods that can be used at `path`; none if there is nothing.

    Those that `document` offers, and those that go with them: HEAD with GET, OPTIONS with any.
    """
    offered = {"GET"} if path in {"/api/docs", "/api/openapi.json"} else _offered(path, document)
    if not offered:
        return offered
    return offered | {"OPTIONS"} | ({"HEAD"} if "GET" in offered else set())


def _offered(path: str, document: dict[str, Any]) -> set[str]:
    templates = [one for one in document["paths"] if compile_path(one)[0].match(path)]
    # As the router sees it: /jobs/bulk is that, and not a job of this name.
    closest = min(templates, key=lambda template: template.count("{"), default=None)
    return {method.upper() for method in document["paths"][closest]} if closest else set()


def _made(app: FastAPI) -> dict[str, Any]:
    document = get_openapi(
        title="Cron++",
        version=__version__,
        openapi_version="3.1.0",
        description=_ABOUT,
        routes=app.routes,
    )
    models = [(model, "validation") for model in (*REQUEST_MODELS, Problem)]
    _, shared = models_json_schema(models, ref_template=_REF)  # type: ignore[arg-type]
    components = document.setdefault("components", {})
    components["schemas"] = shared["$defs"] | components.get("schemas", {})
    _drop_foreign_errors(document)
    _name_by_description(document)
    add_examples(document)
    components["securitySchemes"] = _SCHEMES
    document["security"] = [{"bearer": []}, {"cookie": []}]
    return document


def _drop_foreign_errors(document: dict[str, Any]) -> None:
    """Take out the validation errors that FastAPI describes: ours look different."""
    foreign = {"$ref": _REF.format(model="HTTPValidationError")}
    for operations in document["paths"].values():
        for operation in operations.values():
            content = operation["responses"].get("422", {}).get("content", {})
            if content.get("application/json", {}).get("schema") == foreign:
                del operation["responses"]["422"]
    for name in ("HTTPValidationError", "ValidationError"):
        document["components"]["schemas"].pop(name, None)


def _name_by_description(document: dict[str, Any]) -> None:
    """Call every operation what its first clause says, not what its function is called."""
    for operations in document["paths"].values():
        for operation in operations.values():
            first = re.split(r"[;:.](?:\s|$)", operation["description"], maxsplit=1)[0]
            operation["summary"] = first


def docs_router(app: FastAPI) -> APIRouter:
    """Return /openapi.json and /docs."""
    router = APIRouter(include_in_schema=False)

    @router.get("/openapi.json")
    async def openapi() -> Response:
        return JSONResponse(document_of(app))

    @router.get("/docs")
    async def docs() -> Response:
        return HTMLResponse(_PAGE)

    return router


def docs_files() -> StaticFiles:
    """Return the files of Swagger UI, which the package fastapi-offline brings along."""
    package = find_spec("fastapi_offline")
    assert package is not None  # noqa: S101 - pinned in requirements.txt
    assert package.origin is not None  # noqa: S101
    return StaticFiles(directory=Path(package.origin).parent / "static")

"""The web application: REST and probes, behind the gate. Pages are mounted on it by main.py."""

from collections.abc import Sequence

from fastapi import Depends, FastAPI
from starlette.middleware.cors import CORSMiddleware
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from cronpp_app import __version__
from cronpp_app.api import (
    account,
    actions,
    admin,
    audit,
    auth,
    bulk,
    health,
    jobs,
    metrics,
    runs,
    secrets,
    sessions,
    signing,
    tokens,
    transfer,
    versions,
)
from cronpp_app.api.middleware import Gate, GateRules
from cronpp_app.api.offered import ApiServices
from cronpp_app.api.openapi import docs_files, docs_router, operation_id
from cronpp_app.api.problems import add_problem_handlers
from cronpp_app.api.rate_limits import RateLimit
from cronpp_app.api.requests import each_parameter_once
from cronpp_app.api.script_nonces import ScriptNonces
from cronpp_app.api.unrouted import answer_unrouted
from cronpp_app.services.web_sessions import CSRF_HEADER, CsrfTokens

_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
_PREFLIGHT_SECONDS = 600
_ROUTERS = (
    auth.router,
    account.router,
    sessions.router,
    audit.router,
    admin.router,
    signing.router,
    secrets.router,
    tokens.router,
    bulk.router,
    actions.router,
    transfer.router,
    jobs.router,
    versions.router,
    runs.runs_router,
    runs.insight_router,
)


def build_api(
    services: ApiServices,
    *,
    secret_key: str,
    rate_limit: int = 0,
    origins: Sequence[str] = (),
    proxies: Sequence[str] = (),
) -> FastAPI:
    """Return the application: /api, /healthz, /readyz, and the gate for all that is mounted.

    `rate_limit` is requests a minute per account or address (0: none), `origins` are those
    whose pages may call the API with a bearer token. `proxies` are the addresses and CIDRs
    that may say, in X-Forwarded-For and X-Forwarded-Proto, for whom they ask and how that came.
    """
    app = FastAPI(
        title="Cron++",
        version=__version__,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=operation_id,
    )
    add_problem_handlers(app)
    app.mount("/api/docs/files", docs_files())
    app.state.services = services
    _include_routes(app)
    app.add_middleware(ScriptNonces)
    app.add_middleware(
        Gate,
        accounts=services.accounts,
        tokens=services.tokens,
        csrf=CsrfTokens(secret_key),
        rate_limit=RateLimit(rate_limit),
        rules=GateRules(origins=tuple(origins)),
    )
    _allow_origins(app, origins)
    if proxies:  # added last, so that everything inside sees whom the proxy asks for
        app.add_middleware(ProxyHeadersMiddleware, trusted_hosts=list(proxies))
    return app


def _include_routes(app: FastAPI) -> None:
    app.include_router(health.router)
    app.include_router(metrics.router)
    for router in (*_ROUTERS, docs_router(app)):
        app.include_router(router, prefix="/api", dependencies=[Depends(each_parameter_once)])
    answer_unrouted(app)


def _allow_origins(app: FastAPI, origins: Sequence[str]) -> None:
    if not origins:
        return
    app.add_middleware(
        CORSMiddleware,
        allow_origins=list(origins),
        allow_methods=_METHODS,
        allow_headers=["Authorization", "Content-Type", "Idempotency-Key", "If-Match", CSRF_HEADER],
        expose_headers=["ETag", "Location", "Retry-After", "Idempotency-Replayed"],
        max_age=_PREFLIGHT_SECONDS,
    )

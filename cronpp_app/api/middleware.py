"""The gate: who makes a request, and whether it may come in. Pages, REST and sockets alike."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit

from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cronpp_app.api.body_limits import bounded
from cronpp_app.api.problems import problem_of
from cronpp_app.api.rate_limits import RateLimit
from cronpp_app.api.security_headers import with_security_headers
from cronpp_app.api.token_rules import SAFE_METHODS, check_token_scope
from cronpp_app.domain.audit import Via
from cronpp_app.domain.throttling import address_key
from cronpp_app.errors import NotAllowed, NotSignedIn, StoreUnavailable
from cronpp_app.services.accounts import Accounts, Identity
from cronpp_app.services.acting import act
from cronpp_app.services.tokens import PREFIX, Tokens
from cronpp_app.services.web_sessions import CSRF_HEADER, CsrfTokens, token_in
from cronpp_app.store.database import translated_errors

log = logging.getLogger("cronpp.api")

# Answered without looking at who asks: assets, and the probes that must not need the database.
_ANONYMOUS = ("/healthz", "/readyz", "/metrics", "/_nicegui/", "/static/", "/favicon.ico")
_OPEN_PAGES = ("/login", "/signup", "/auth/", "/_nicegui")
_OPEN_API = frozenset({"/api/auth/signup", "/api/auth/login", "/api/openapi.json"})
_POLICY_VIOLATION = 1008  # RFC 6455, 7.4.1


@dataclass(frozen=True, slots=True, kw_only=True)
class GateRules:
    """What the gate lets in: paths for everybody, and origins whose pages may call the API."""

    anonymous: tuple[str, ...] = _ANONYMOUS
    open_pages: tuple[str, ...] = _OPEN_PAGES
    origins: Sequence[str] = field(default=())


class Gate:
    """Pure ASGI: puts `identity` (or None) into the request's state, or answers itself.

    A page of somebody signed in finds its `csrf_token` there, too.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        accounts: Accounts,
        tokens: Tokens,
        csrf: CsrfTokens,
        rate_limit: RateLimit,
        rules: GateRules,
    ) -> None:
        self._app = app
        self._accounts = accounts
        self._tokens = tokens
        self._csrf = csrf
        self._rate_limit = rate_limit
        self._rules = rules

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request, or pass it on with its identity."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        scope.setdefault("state", {})["identity"] = None
        if scope["type"] == "websocket":
            await self._pass_socket(scope, receive, send)
        else:
            await self._pass_request(scope, receive, with_security_headers(scope, send))

    async def _pass_socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        # Browsers let any page open a socket here, with our cookie if it is of the same site.
        if not _is_from_our_page(Headers(scope=scope)):
            log.warning("socket of another site's page refused")
            await receive()
            await send({"type": "websocket.close", "code": _POLICY_VIOLATION})
            return
        # The socket's own handshake decides; here it only learns who is there.
        try:
            async with translated_errors():
                scope["state"]["identity"] = await self._by_cookie(scope)
        except StoreUnavailable:
            log.warning("socket opened without the database")
        await self._app(scope, receive, send)

    async def _pass_request(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def sending(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            async with translated_errors():
                refusal = await self._refusal(scope)
                await (refusal or self._app)(scope, bounded(scope, receive), sending)
        except Exception as error:
            if started:
                raise
            await _failure(scope, error)(scope, receive, sending)

    async def _refusal(self, scope: Scope) -> Response | None:
        """Return the answer that turns the request away, or None to let it in."""
        path: str = scope["path"]
        if path.startswith(self._rules.anonymous):
            return None
        headers = Headers(scope=scope)
        bearer = headers.get("authorization")
        if bearer is not None and _is_api(path):
            identity = await self._by_bearer(bearer)
        else:
            identity = await self._by_cookie(scope)
            self._check_origin(scope, headers)
        scope["state"]["identity"] = identity
        _note_way(scope, identity)
        if _is_api(path):
            self._check_api(scope, headers, identity, by_cookie=bearer is None)
            return None
        if identity is not None:
            # With it the page that is asked for may change something by the API.
            scope["state"]["csrf_token"] = self._csrf.issue(identity)
        if identity is not None or path.startswith(self._rules.open_pages):
            return None
        return _to_login(scope)

    def _check_api(
        self, scope: Scope, headers: Headers, identity: Identity | None, *, by_cookie: bool
    ) -> None:
        self._rate_limit.take(identity.user.id if identity else address_key(_address(scope)))
        path: str = scope["path"]
        is_open = path in _OPEN_API or path == "/api/docs" or path.startswith("/api/docs/")
        if is_open:
            return
        if identity is None:
            raise NotSignedIn("Sign in first: send Authorization: Bearer <token>.")
        check_token_scope(identity, method=scope["method"], path=path)
        if by_cookie and scope["method"] not in SAFE_METHODS:
            token = headers.get(CSRF_HEADER, "")
            if not self._csrf.accepts(identity, token):
                raise NotAllowed(
                    f"With a session cookie, a change must carry the header {CSRF_HEADER}."
                )

    async def _by_bearer(self, authorization: str) -> Identity | None:
        scheme, _, token = authorization.partition(" ")
        if scheme.casefold() != "bearer" or not token.strip():
            return None
        token = token.strip()
        known_by = self._tokens if token.startswith(PREFIX) else self._accounts
        return await known_by.identify(token)

    async def _by_cookie(self, scope: Scope) -> Identity | None:
        cookies = cookie_parser(Headers(scope=scope).get("cookie", ""))
        token = token_in(cookies, scheme=scope["scheme"])
        return await self._accounts.identify(token) if token else None

    def _check_origin(self, scope: Scope, headers: Headers) -> None:
        """Raise NotAllowed for a change that a page of somebody else asks for."""
        if scope["method"] in SAFE_METHODS:
            return
        origin = headers.get("origin")
        if origin is not None and origin in self._rules.origins:
            return
        if not _is_from_our_page(headers):
            raise NotAllowed("This request comes from another site's page.")


def _address(scope: Scope) -> str:
    return str(scope["client"][0]) if scope.get("client") else "unknown"


def _note_way(scope: Scope, identity: Identity | None) -> None:
    """Say for the audit log by which way this request acts."""
    token = identity.token if identity else None
    via = Via.TOKEN if token is not None else Via.API if _is_api(scope["path"]) else Via.PAGE
    act(via=via, address=_address(scope), token=token)


def _is_from_our_page(headers: Headers) -> bool:
    """Return whether a request comes from a page of ours, or from no page at all."""
    origin, site = headers.get("origin"), headers.get("sec-fetch-site")
    if site is not None:
        return site in {"same-origin", "none"}
    return origin is None or urlsplit(origin).netloc == headers.get("host")


def _is_api(path: str) -> bool:
    return path == "/api" or path.startswith("/api/")


def _to_login(scope: Scope) -> Response:
    if scope["method"] not in {"GET", "HEAD"}:
        return PlainTextResponse("Sign in first.", status_code=401)
    path, query = scope["path"], scope.get("query_string", b"").decode("latin-1")
    # Only a local path may be returned to: "//host" would be another site.
    target = path if path.startswith("/") and not path.startswith(("//", "/\\")) else "/"
    target = f"{target}?{query}" if query else target
    return RedirectResponse(f"/login?next={quote(target, safe='/')}", status_code=303)


def _failure(scope: Scope, error: Exception) -> Response:
    answer = problem_of(error)
    if _is_api(scope["path"]):
        return answer
    words = "The database does not answer; try again in a moment."
    if answer.status_code != 503:
        words = str(error) if answer.status_code < 500 else "Something went wrong here."
    return PlainTextResponse(words, status_code=answer.status_code)

"""Actions as documents, and what of them is sealed."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, assert_never

from cronpp_app.domain.jobs import Action, HttpAction, LogAction, StatusRange
from cronpp_app.domain.secrets import Sealed

Document = dict[str, Any]


def action_document(action: Action) -> Document:
    """Return `action` as a document; headers as pairs, so that no user text becomes a key."""
    match action:
        case HttpAction():
            return present(
                kind="http",
                method=action.method,
                url=action.url,
                headers=[list(pair) for pair in action.headers.items()],
                body=action.body,
                timeout_seconds=round(action.timeout.total_seconds()),
                success_statuses=[[r.first, r.last] for r in action.success_statuses],
                follow_redirects=action.follow_redirects,
                secret_headers=list(action.secret_headers) or None,
                sealed=[
                    {"header": header, **sealed_document(sealed)}
                    for header, sealed in action.sealed.items()
                ]
                or None,
            )
        case LogAction():
            return {"kind": "log", "message": action.message}
        case _:
            assert_never(action)


def action_from(document: Document) -> Action:
    """Return the action of a document; raise ValueError for an unknown kind."""
    match document["kind"]:
        case "http":
            return HttpAction(
                method=document["method"],
                url=document["url"],
                headers=dict(document["headers"]),
                body=document.get("body"),
                timeout=timedelta(seconds=document["timeout_seconds"]),
                success_statuses=tuple(
                    StatusRange(first=first, last=last)
                    for first, last in document["success_statuses"]
                ),
                follow_redirects=document["follow_redirects"],
                secret_headers=tuple(document.get("secret_headers", ())),
                sealed={
                    sealed["header"]: sealed_from(sealed) for sealed in document.get("sealed", ())
                },
            )
        case "log":
            return LogAction(message=document["message"])
        case kind:
            raise ValueError(f"unknown kind of action: {kind!r}")


def sealed_document(sealed: Sealed) -> Document:
    """Return `sealed` as a document."""
    names = list(sealed.names) or None
    return present(key_id=sealed.key_id, data=sealed.data, names=names)


def sealed_from(document: Mapping[str, Any]) -> Sealed:
    """Return the sealed secret of a document."""
    return Sealed(
        key_id=document["key_id"],
        data=bytes(document["data"]),
        names=tuple(document.get("names", ())),
    )


def present(**fields: Any) -> Document:
    """Return the fields that have a value: what is none is absent."""
    return {name: value for name, value in fields.items() if value is not None}

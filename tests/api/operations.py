"""Every operation of the OpenAPI document, as something a test can send."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from httpx import AsyncClient, Response


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One method at one path; `body` is the documented example, `is_open` needs no sign-in."""

    method: str
    path: str
    body: Any
    is_open: bool
    parameters: tuple[str, ...]
    tags: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def writes(self) -> bool:
        return self.method not in {"GET", "HEAD"}

    async def send(self, client: AsyncClient, **values: str) -> Response:
        """Return the answer to this operation, its path filled with `values`."""
        path = self.path.format_map(dict.fromkeys(self.parameters, "none") | values)
        return await client.request(self.method, path, json=self.body)


async def operations(client: AsyncClient) -> list[Operation]:
    """Return all operations under /api that `client` is told of."""
    document = (await client.get("/api/openapi.json")).json()
    return list(_read(document))


def _read(document: Mapping[str, Any]) -> Iterator[Operation]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if not path.startswith("/api"):
                continue
            content = operation.get("requestBody", {}).get("content", {})
            found = operation.get("parameters", [])
            yield Operation(
                method=method.upper(),
                path=path,
                body=content.get("application/json", {}).get("example"),
                is_open=operation.get("security") == [],
                parameters=tuple(one["name"] for one in found if one["in"] == "path"),
                tags=tuple(operation["tags"]),
            )

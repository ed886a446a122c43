"""Our static files, held in memory and packed once."""

import gzip
import mimetypes
from dataclasses import dataclass

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from components.theme import STATIC, script, style_sheet

_FOR_EVER = "public, max-age=31536000, immutable"
_PACKED = frozenset({".css", ".js", ".svg", ".txt"})
_FOLDERS = ("fonts", "icons")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """A file as it is sent: plain, and packed where that makes it smaller."""

    media_type: str
    plain: bytes
    packed: bytes | None

    def answer(self, *, accepts_gzip: bool) -> Response:
        """Return the answer that carries it."""
        headers = {"Cache-Control": _FOR_EVER, "Vary": "Accept-Encoding"}
        if self.packed is None or not accepts_gzip:
            return Response(self.plain, media_type=self.media_type, headers=headers)
        headers["Content-Encoding"] = "gzip"
        return Response(self.packed, media_type=self.media_type, headers=headers)


def mount_assets(web: FastAPI) -> None:
    """Serve our files under /static."""
    assets = _all_assets()

    async def asset(request: Request, name: str) -> Response:
        found = assets.get(name)
        if found is None:
            return Response("There is no such file.", status_code=404, media_type="text/plain")
        packed = "gzip" in request.headers.get("accept-encoding", "")
        return found.answer(accepts_gzip=packed)

    web.add_api_route("/static/{name:path}", asset, methods=["GET"], include_in_schema=False)


def _all_assets() -> dict[str, Asset]:
    assets = {
        "app.css": _asset(style_sheet().encode(), ".css"),
        "app.js": _asset(script().encode(), ".js"),
    }
    for folder in _FOLDERS:
        for file in (STATIC / folder).iterdir():
            assets[f"{folder}/{file.name}"] = _asset(file.read_bytes(), file.suffix)
    return assets


def _asset(content: bytes, suffix: str) -> Asset:
    media_type = mimetypes.types_map.get(suffix, "font/woff2")
    packed = gzip.compress(content, 9) if suffix in _PACKED else None
    return Asset(media_type=media_type, plain=content, packed=packed)

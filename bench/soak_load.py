"""The load of a soak: a target of many tempers, and people who read, edit and pause."""

import asyncio
import itertools
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import httpx

from cronpp_app.clock import monotonic
from cronpp_app.services.web_sessions import COOKIE

EVERY_SECONDS = 5
SLOW_SECONDS = 2.0
# At a steady pace, however quick the answers: pages that nobody opens live for a minute, so that
# on a machine that becomes quicker there would be more and more of them.
READ_EVERY_SECONDS = 1.0
_EMAIL, _PASSWORD = "soak@example.org", "a password for the soak"
_PAGES = ("/", "/jobs", "/activity", "/timeline", "/jobs/{id}")
_ANSWERS = ("/api/jobs", "/api/runs", "/api/stats", "/api/jobs/{id}/runs", "/metrics")


@asynccontextmanager
async def target() -> AsyncIterator[str]:
    """Give the URL of a server whose paths answer at once, late, or with 500."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                fields = [line.split(": ", 1) for line in head.split("\r\n") if ": " in line]
                length = {name.lower(): value for name, value in fields}.get("content-length", "0")
                await reader.readexactly(int(length))
                if " /slow" in head:
                    await asyncio.sleep(SLOW_SECONDS)
                status = "500 Oops" if " /fail" in head else "200 OK"
                writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 2\r\n\r\nok".encode())
                await writer.drain()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


def job_of(number: int, url: str) -> dict[str, Any]:
    """Return the body of a job: of twenty, eleven call, five log, two fail, two are slow."""
    place = number % 20
    path = "/fail" if place in (7, 14) else "/slow" if place in (3, 11) else "/hook"
    call = {"kind": "http", "method": "POST", "url": url + path, "body": "{}"}
    is_log = place % 4 == 1
    return {
        "name": f"Job {number}",
        "schedule": {"kind": "interval", "every_seconds": EVERY_SECONDS},
        "action": {"kind": "log", "message": "tick"} if is_log else call,
        "retry": {"max_retries": 1, "backoff": "fixed", "base_seconds": 1},
    }


class People:
    """One account that makes jobs, then reads and changes them as long as it is let."""

    def __init__(self, web: str) -> None:
        self._client = httpx.AsyncClient(base_url=web, timeout=30)
        self._jobs: list[str] = []
        self.asked = 0
        self.refused: list[str] = []

    async def arrive(self, *, jobs: int, url: str) -> None:
        """Sign up and make the jobs, spread over the seconds between two fire times."""
        credentials = {"email": _EMAIL, "password": _PASSWORD}
        answer = await self._client.post("/api/auth/signup", json=credentials)
        token = answer.raise_for_status().json()["token"]
        self._bearer = {"Authorization": f"Bearer {token}"}
        self._cookie = {"Cookie": f"{COOKIE}={token}"}
        for number in range(jobs):
            made = await self._client.post(
                "/api/jobs", json=job_of(number, url), headers=self._bearer
            )
            self._jobs.append(made.raise_for_status().json()["id"])
            await asyncio.sleep(EVERY_SECONDS / jobs)

    async def live(self, stop: asyncio.Event) -> None:
        """Read and change until `stop`."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._read(stop))
            group.create_task(self._change(stop))
        await self._client.aclose()

    async def _read(self, stop: asyncio.Event) -> None:
        for path in itertools.cycle(_PAGES + _ANSWERS):
            if stop.is_set():
                return
            began = monotonic()
            headers = self._bearer if path in _ANSWERS else self._cookie
            await self._ask("GET", path.replace("{id}", random.choice(self._jobs)), headers)
            await asyncio.sleep(max(0.0, READ_EVERY_SECONDS - (monotonic() - began)))

    async def _change(self, stop: asyncio.Event) -> None:
        for number in itertools.count():
            if stop.is_set():
                return
            path = f"/api/jobs/{random.choice(self._jobs)}"
            await self._ask("PATCH", path, self._bearer, {"description": f"edit {number}"})
            await self._ask("POST", f"{path}/pause", self._bearer)
            await asyncio.sleep(1)
            await self._ask("POST", f"{path}/resume", self._bearer)

    async def _ask(
        self, method: str, path: str, headers: dict[str, str], body: dict[str, Any] | None = None
    ) -> None:
        self.asked += 1
        try:
            answer = await self._client.request(method, path, headers=headers, json=body)
        except httpx.HTTPError as error:
            self.refused.append(f"{method} {path}: {error!r}")
            return
        if answer.status_code >= 400:
            self.refused.append(f"{method} {path}: {answer.status_code} {answer.text[:200]}")

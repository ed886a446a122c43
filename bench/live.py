"""How fast a change is seen, and what open dashboards cost the web process.

    python -m bench.live --pages 50 --changes 20 --seconds 20

First one real browser on the list of jobs: from just before a write to the database until the
new words stand in the page. Then many listening pages without a browser, while changes come:
CPU time of the web process, and how many messages it sent.
"""

import argparse
import ast
import asyncio
import contextlib
import random
import re
from pathlib import Path
from time import time
from typing import Any
from uuid import uuid4

import httpx
import socketio
from playwright.async_api import Page, async_playwright
from pymongo import AsyncMongoClient

from bench.stage import cpu_seconds, percentile, stage
from cronpp_app.clock import monotonic
from cronpp_app.store.embedded_server import free_port
from tests.browser.find_browser import browser_launch_options
from tests.cluster.program import PASSWORD, Program

JOBS, WRITES = 25, 100
COOKIE = "cronpp_session"
_WATCH = """() => {
  window.seenAt = {};
  new MutationObserver(() => {
    const names = document.querySelectorAll(".cx-job-name");
    for (const name of names) seenAt[name.textContent] ??= Date.now();
  }).observe(document.body, {childList: true, subtree: true, characterData: true});
}"""


def make_jobs(url: str, email: str) -> tuple[str, list[str]]:
    """Return a session token of a new account, and the ids of its jobs."""
    body = {"email": email, "password": PASSWORD}
    with httpx.Client(base_url=url, timeout=60) as http:
        token = str(http.post("/api/auth/signup", json=body).json()["token"])
        http.headers["Authorization"] = f"Bearer {token}"
        ids = [str(http.post("/api/jobs", json=job(number)).json()["id"]) for number in range(JOBS)]
    return token, ids


def job(number: int) -> dict[str, Any]:
    return {
        "name": f"Job {number:02}",
        "schedule": {"kind": "cron", "cron": "0 0 1 1 *"},
        "action": {"kind": "log", "message": "hi"},
    }


async def latency(page: Page, jobs: Any, ids: list[str]) -> list[float]:
    """Return milliseconds from each write to its sight, sorted."""
    await page.evaluate(_WATCH)
    written: dict[str, float] = {}
    for number in range(WRITES):
        name = f"Changed {number:03}"
        written[name] = time() * 1000
        await jobs.update_one({"_id": random.choice(ids)}, {"$set": {"name": name}})
        await asyncio.sleep(random.uniform(0.05, 0.4))
    await asyncio.sleep(1)
    seen: dict[str, float] = await page.evaluate("seenAt")
    missing = written.keys() - seen.keys()
    if missing:
        # Overwritten before it was sent: two changes of one row within one merge.
        print(f"  {len(missing)} of {WRITES} were merged away")
    return sorted(seen[name] - at for name, at in written.items() if name in seen)


async def listen(url: str, token: str, counts: dict[str, int], path: str) -> Any:
    """Return a socket that listens to a page as a browser would."""
    async with httpx.AsyncClient(cookies={COOKIE: token}, timeout=60) as http:
        text = (await http.get(f"{url}{path}")).text
    found = re.search(r"query: (\{.*?\}),\n", text)
    assert found is not None, text[:500]
    query = ast.literal_eval(found[1]) | {"document_id": str(uuid4()), "tab_id": str(uuid4())}
    query["implicit_handshake"] = "false"
    address = f"{url}?" + "&".join(f"{name}={value}" for name, value in query.items())
    socket = socketio.AsyncClient(reconnection=False)
    last = 0

    async def heard(event: str, *arguments: Any) -> None:
        nonlocal last
        counts[event] = counts.get(event, 0) + 1
        if arguments and isinstance(arguments[0], dict):
            last = arguments[0].get("_id", last)

    socket.on("*", heard)
    await socket.connect(
        address,
        headers={"Cookie": f"{COOKIE}={token}", "Origin": url},
        socketio_path="/_nicegui_ws/socket.io",
        transports=["websocket"],
    )
    assert await socket.call("handshake", query), "the page does not know its socket"

    async def acknowledge() -> None:
        with contextlib.suppress(socketio.exceptions.BadNamespaceError):  # it has ended
            while True:
                await asyncio.sleep(3)
                message = {"client_id": query["client_id"], "next_message_id": last + 1}
                await socket.emit("ack", message)

    socket.start_background_task(acknowledge)
    return socket


async def load(
    arguments: argparse.Namespace, program: Program, jobs: Any, token: str, ids: list[str]
) -> None:
    """Print what the web process needs while many pages listen."""
    pid, counts = program.process.pid, dict[str, int]()
    sockets = [
        await listen(program.url, token, counts, arguments.path) for _ in range(arguments.pages)
    ]
    await asyncio.sleep(8)
    for words, pause in (("idle", None), (f"{arguments.changes} changes/s", 1 / arguments.changes)):
        counts.clear()
        cpu, began = cpu_seconds(pid), monotonic()
        number = 0
        while monotonic() - began < arguments.seconds:
            if pause is None:
                await asyncio.sleep(1)
                continue
            await jobs.update_one({"_id": random.choice(ids)}, {"$set": {"name": f"N {number}"}})
            number += 1
            await asyncio.sleep(max(0.0, began + number * pause - monotonic()))
        span = monotonic() - began
        share = (cpu_seconds(pid) - cpu) / span
        sent = sum(counts.values()) / span
        print(f"  {arguments.pages} pages, {words}: {share:.2f} cores, {sent:.0f} messages/s")
    for socket in sockets:
        await socket.disconnect()


async def measure(arguments: argparse.Namespace) -> None:
    with stage(cache_gb=0.25) as place, place.scratch_database() as name:
        program = Program(
            Path(place.folder) / "data",
            port=free_port(),
            CRONPP_MONGODB_URI=place.uri,
            CRONPP_DATABASE=name,
            CRONPP_WORKERS="0",
        ).start()
        mongodb: AsyncMongoClient[Any] = AsyncMongoClient(place.uri, w="majority")
        try:
            token, ids = make_jobs(program.url, "ada@example.org")
            jobs = mongodb[name]["jobs"]
            await _seen(program.url, token, jobs, ids)
            await load(arguments, program, jobs, token, ids)
        finally:
            await mongodb.close()
            program.stop()


async def _seen(url: str, token: str, jobs: Any, ids: list[str]) -> None:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(**browser_launch_options())  # type: ignore[arg-type]
        context = await browser.new_context(base_url=url, viewport={"width": 1440, "height": 900})
        await context.add_cookies([{"name": COOKIE, "value": token, "url": url}])
        page = await context.new_page()
        await page.goto("/jobs")
        await page.wait_for_selector("tr[data-job]")
        await asyncio.sleep(3)
        spans = await latency(page, jobs, ids)
        await browser.close()
    told = ", ".join(
        f"p{round(share * 100)} {percentile(spans, share):.0f} ms" for share in (0.5, 0.95)
    )
    print(f"  write to sight, {len(spans)} writes: {told}, max {spans[-1]:.0f} ms")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=50)
    parser.add_argument("--changes", type=int, default=20, help="changes a second")
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--path", default="/jobs", help="the page that is open")
    asyncio.run(measure(parser.parse_args()))


if __name__ == "__main__":
    main()

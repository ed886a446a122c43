"""The list of jobs in a real browser, with very many of them.

    python -m bench.jobs_page --jobs 100000

Prints, as medians of several fresh visits: first paint, rows in sight, bytes over the wire that
are this page's own (not cached), and from a typed search to its rows.
"""

import argparse
import asyncio
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import Any

from playwright.async_api import BrowserContext, Page, Response, async_playwright
from pymongo import AsyncMongoClient

from bench.live import COOKIE, make_jobs
from bench.stage import insert_jobs, stage, stored_job
from cronpp_app.clock import monotonic, utc_now
from cronpp_app.domain.jobs import LogAction
from cronpp_app.domain.schedules import CronSchedule
from cronpp_app.store.database import connect
from cronpp_app.store.embedded_server import free_port
from tests.browser.find_browser import browser_launch_options
from tests.cluster.program import Program

VISITS = 5
ROW = "tr[data-job]"
_FIRST_PAINT = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? -1"


async def fill(uri: str, name: str, user_id: str, count: int) -> None:
    """Give a person `count` jobs."""
    database = connect(uri, name)
    due, schedule = utc_now() + timedelta(days=1), CronSchedule(cron="0 0 1 1 *")
    action = LogAction(message="hi")
    made = (stored_job(number, schedule, action, due=due, users=1) for number in range(count))
    await insert_jobs(database, made)
    await database.jobs.update_many({"user_id": "user0"}, {"$set": {"user_id": user_id}})
    await database.client.close()


async def visit(context: BrowserContext, number: int) -> dict[str, float]:
    """Return what a visit of the list and a search in it took."""
    page = await context.new_page()
    own: list[Response] = []
    page.on("response", lambda response: own.append(response))  # noqa: PLW0108 - append takes no marks
    began = monotonic()
    await page.goto("/jobs")
    await page.wait_for_selector(ROW)
    rows = 1000 * (monotonic() - began)
    figures = {
        "first paint, ms": float(await page.evaluate(_FIRST_PAINT)),
        "rows in sight, ms": rows,
        "page's own transfer, KB": await _kilobytes(own),
        "search, ms": await _search(page, f"Job {1000 + number}"),
    }
    await page.close()
    return figures


async def _kilobytes(responses: list[Response]) -> float:
    total = 0
    for response in responses:
        if not response.url.partition("/_nicegui")[1]:  # the toolkit's files are cached for good
            sizes = await response.request.sizes()
            total += sizes["responseBodySize"] + sizes["responseHeadersSize"]
    return total / 1000


async def _search(page: Page, words: str) -> float:
    field = page.get_by_label("Search jobs")
    await field.fill(words)
    began = monotonic()
    await page.wait_for_function(
        "([row, words]) => { const rows = [...document.querySelectorAll(row)];"
        " return rows.length > 0 && rows.every((one) => one.textContent.includes(words)); }",
        arg=[ROW, words],
        polling="raf",
    )
    return 1000 * (monotonic() - began)


async def measure(count: int) -> None:
    """Print the figures."""
    with stage() as place, place.scratch_database() as name:
        settings = {"CRONPP_MONGODB_URI": place.uri, "CRONPP_DATABASE": name}
        folder = Path(place.folder) / "data"
        program = Program(folder, port=free_port(), CRONPP_WORKERS="0", **settings).start()
        mongodb: AsyncMongoClient[Any] = AsyncMongoClient(place.uri)
        try:
            token, _ = make_jobs(program.url, "ada@example.org")
            user = await mongodb[name]["users"].find_one({})
            assert user is not None
            await fill(place.uri, name, user["_id"], count)
            await _visits(program.url, token)
        finally:
            await mongodb.close()
            program.stop()


async def _visits(url: str, token: str) -> None:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(**browser_launch_options())  # type: ignore[arg-type]
        context = await browser.new_context(base_url=url, viewport={"width": 1440, "height": 900})
        await context.add_cookies([{"name": COOKIE, "value": token, "url": url}])
        visits = [await visit(context, number) for number in range(VISITS + 1)][1:]
        await browser.close()
    for what in visits[0]:
        values = [one[what] for one in visits]
        print(f"  {what}: {median(values):.0f} (at most {max(values):.0f})")


def main() -> None:
    """Parse the options and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=100_000)
    asyncio.run(measure(parser.parse_args().jobs))


if __name__ == "__main__":
    main()

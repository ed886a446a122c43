"""The tables of docs/policies.md, as cases for tests: what users read is what is tested."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

_PAGE = Path(__file__).parents[1] / "docs" / "policies.md"
_DAY = datetime(2026, 12, 1, tzinfo=UTC)

Case = Mapping[str, str]


def cases(name: str) -> Any:
    """Return a decorator that runs a test with each row of the table `name` as its `case`.

    The table stands behind a line `<!-- cases: name -->`; a case is named after the words in it.
    """
    rows = table(name)
    return pytest.mark.parametrize("case", rows, ids=[_name_of(row) for row in rows])


def table(name: str) -> list[Case]:
    """Return the rows of the table `name`, each by the words in its head."""
    behind = _PAGE.read_text(encoding="utf-8").partition(f"<!-- cases: {name} -->")[2]
    lines = behind.lstrip().partition("\n\n")[0].splitlines()
    head, _, *rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [dict(zip(head, row, strict=True)) for row in rows]


def names() -> list[str]:
    """Return the names of all tables of cases on the page."""
    marks = _PAGE.read_text(encoding="utf-8").split("<!-- cases: ")[1:]
    return [mark.partition(" -->")[0] for mark in marks]


def json_of(cell: str) -> Any:
    """Return the value of a cell that shows JSON as code."""
    return json.loads(code(cell))


def code(cell: str) -> str:
    """Return the words of a cell that shows them as code."""
    return cell.strip("`")


def listed(cell: str) -> list[str]:
    """Return what a cell lists, separated by commas."""
    return [word.strip() for word in cell.split(",") if word.strip()]


def moment(cell: str) -> datetime:
    """Return the moment a cell names: a time of 1 December 2026, or a day and a time; UTC."""
    if "-" in cell:
        return datetime.fromisoformat(cell).replace(tzinfo=UTC)
    hours, minutes, *seconds = map(int, cell.split(":"))
    return _DAY + timedelta(hours=hours, minutes=minutes, seconds=sum(seconds))


def _name_of(row: Case) -> str:
    return row["case"] if "case" in row else ", ".join(cell for cell in row.values() if cell)

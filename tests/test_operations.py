"""docs/operations.md names what there is: every setting with its default, and real metrics."""

import re
from pathlib import Path

import pytest

from cronpp_app.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
OPERATIONS = (ROOT / "docs" / "operations.md").read_text()


def row_of(name: str) -> list[str]:
    """Return the cells of a setting's row."""
    row = re.search(rf"^\| `CRONPP_{name.upper()}` \|.*$", OPERATIONS, re.MULTILINE)
    assert row, f"docs/operations.md does not tell of CRONPP_{name.upper()}"
    return [cell.strip() for cell in row[0].strip("|").split("|")]


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_every_setting_is_explained_with_its_default(name: str) -> None:
    default = Settings.model_fields[name].default
    told = row_of(name)
    assert len(told) == 4
    shown = str(default).lower() if isinstance(default, bool) else str(default)
    assert (f"`{shown}`" if shown else "") in told[2]
    assert told[1]
    assert told[3]


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_ranges_of_numbers_are_told(name: str) -> None:
    told = row_of(name)[1]
    for limit in Settings.model_fields[name].metadata:
        bound = getattr(limit, "ge", None)
        bound = getattr(limit, "le", None) if bound is None else bound
        if bound is not None:
            assert re.search(rf"\b{bound}\b", told.replace(",", "")), (name, bound)


def test_alerts_name_metrics_that_exist() -> None:
    source = (ROOT / "cronpp_app" / "api" / "metrics.py").read_text()
    named = set(re.findall(r"\bcronpp_(?:workers?|run|runs|due|oldest|jobs)\w*", OPERATIONS))
    assert named
    for name in named:
        assert f'"{re.sub("_(total|bucket)$", "", name)}"' in source

"""How long a page may be before it wants to be parted by meaning."""

from pathlib import Path

PAGES = Path(__file__).parents[2] / "pages"
MOST_LINES = 100


def test_pages_stay_thin() -> None:
    lines = {path.name: len(path.read_text().splitlines()) for path in PAGES.rglob("*.py")}
    assert len(lines) > 10
    assert {name: count for name, count in lines.items() if count > MOST_LINES} == {}

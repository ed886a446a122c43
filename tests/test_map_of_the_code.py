"""The map of the code (docs/code.md) names every module, once, and none that is not there."""

import re
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[1]
_SECTIONS = re.split(r"^## ", (_ROOT / "docs" / "code.md").read_text(encoding="utf-8"), flags=re.M)
_PACKAGES = {
    head: words
    for head, _, words in (section.partition("\n") for section in _SECTIONS)
    if (_ROOT / head).is_dir()
}


@pytest.mark.parametrize("package", _PACKAGES)
def test_a_package_is_told_module_by_module(package: str) -> None:
    told = re.findall(r"`(\w+\.py)`", _PACKAGES[package])
    there = [file.name for file in (_ROOT / package).glob("*.py") if file.name != "__init__.py"]
    assert sorted(told) == sorted(there)


def test_no_package_is_left_out() -> None:
    roots = ("cronpp_app", "components", "pages")
    there = {
        str(file.parent.relative_to(_ROOT)) for r in roots for file in (_ROOT / r).rglob("*.py")
    }
    assert set(_PACKAGES) == there


def test_the_places_to_begin_a_change_exist() -> None:
    named = re.findall(r"`(\w+/[\w/]+\.(?:py|md))`", _SECTIONS[1])
    missing = [p for p in named if not any((r / p).exists() for r in (_ROOT, _ROOT / "cronpp_app"))]
    assert (bool(named), missing) == (True, [])

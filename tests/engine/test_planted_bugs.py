"""The bugs that `bench` plants still have their place in the sources."""

from pathlib import Path

import pytest

import cronpp_app
from bench import chaos_mutants, mutants

_SOURCES = Path(cronpp_app.__file__).parent


@pytest.mark.parametrize(
    "mutant", [*mutants.MUTANTS, *chaos_mutants.MUTANTS], ids=lambda mutant: mutant.name
)
def test_a_planted_bug_changes_exactly_one_place(mutant: mutants.Mutant) -> None:
    assert (_SOURCES / mutant.file).read_text().count(mutant.old) == 1

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cronpp_app.services.json_text import DEEPEST, InvalidJson, read_json

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=("Cs",))),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(exclude_categories=("Cs",))), inner, max_size=4)
    ),
    max_leaves=20,
)


@settings(max_examples=100, deadline=None)
@given(VALUES, st.booleans())
def test_whatever_python_writes_is_read_back(value: object, ascii_only: bool) -> None:
    assert read_json(json.dumps(value, ensure_ascii=ascii_only)) == value


@pytest.mark.parametrize(
    ("text", "problem", "line", "column"),
    [
        ('{"a": 1,\n  "a": 2}', '"a" is given twice', 2, 3),
        ('{"a": 1, "\\u0061": 2}', '"a" is given twice', 1, 10),
        ('[{"b": {"c": 1, "c": 2}}]', '"c" is given twice', 1, 17),
        ('["\\ud800"]', "surrogate", 1, 2),
        ("[1, NaN]", "NaN is not a number", 1, 5),
        ('["NaN", -Infinity]', "-Infinity is not a number", 1, 9),
        ("[1,\n2,\n]", "value", 3, 1),
        ('{"a" 1}', "':'", 1, 6),
        ('["open', "nterminated", 1, 2),
        ("", "value", 1, 1),
        ("[" * (DEEPEST + 1), "deeper than 100", 1, 101),
    ],
)
def test_what_is_wrong_is_named_with_its_place(
    text: str, problem: str, line: int, column: int
) -> None:
    with pytest.raises(InvalidJson, match=problem) as caught:
        read_json(text)
    assert (caught.value.line, caught.value.column) == (line, column)


@pytest.mark.parametrize(
    "text",
    [
        '{"a": {"k": 1}, "b": {"k": 1}}',
        '[{"k": 1}, {"k": 1}]',
        '{"a": "{\\"k\\": 1, \\"k\\": 2}"}',
        '{"a": "k", "k": "a"}',
        '"\\ud83d\\ude80"',
        "[" * DEEPEST + "]" * DEEPEST,
    ],
)
def test_what_only_looks_wrong_is_accepted(text: str) -> None:
    assert read_json(text) == json.loads(text)


@pytest.mark.parametrize(
    "text", ['"' + '\\"' * 400_000, '"' * 800_001, "[" * 800_000, "{" * 800_000, "9" * 800_000]
)
def test_hostile_text_is_refused_quickly(text: str) -> None:
    started = time.process_time()
    with pytest.raises(InvalidJson):
        read_json(text)
    assert time.process_time() - started < 2


def test_a_text_without_oddities_is_not_looked_through_token_by_token(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """That takes seconds for 1 MiB of short fields, in which everybody else would wait."""
    monkeypatch.setattr("cronpp_app.services.json_text._scan", None)
    fields = ",".join(f'"é\\u00e9{number}": [{{"[{{": "}}\\\\"}}]' for number in range(1_000))
    assert len(dict(read_json(f"{{{fields}}}"))) == 1_000  # type: ignore[call-overload]

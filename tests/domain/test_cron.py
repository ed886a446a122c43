"""What is refused as a cron expression, and what the message says."""

import pytest

from cronpp_app.domain.cron import InvalidCron, check_cron, parse_cron


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ["empty", "30 2 * * *"]),
        ("   ", ["empty"]),
        ("* * * *", ["4 fields", "five"]),
        ("* * * * * * *", ["7 fields"]),
        ("* 24 * * *", ["hour", '"24"', "0-23"]),
        ("60 * * * *", ["minute", '"60"', "0-59"]),
        ("* * 0 * *", ["day of month", '"0"', "1-31"]),
        ("* * * 13 *", ["month", '"13"', "JAN"]),
        ("* * * FOO *", ["month", '"FOO"']),
        ("* * * * 8", ["day of week", '"8"', "Sunday"]),
        ("0 22-2 * * *", ["hour", '"22-2"', "backwards", "22-23,0-2"]),
        ("0 0 * * 5-2", ["day of week", "backwards"]),
        ("*/0 * * * *", ["minute", '"*/0"', "step"]),
        ("H * * * *", ["minute", '"H"']),
        ("R * * * *", ["minute", '"R"']),
        ("? * * * *", ["minute", "?"]),
        ("0 0 L-3 * *", ["day of month", '"L-3"']),
        ("0 0 W * *", ["day of month", '"W"']),
        ("0 0 32W * *", ["day of month", '"32W"']),
        ("0 0 1W,2W,3W,4W,5W,6W,7W,8W,9W * *", ["day of month", "more than 8", "two schedules"]),
        ("0 0 * * 5#6", ["day of week", '"5#6"', "1 to 5"]),
        ("0 0 * * L", ["day of week", '"L"']),
        ("0 0 30 2 *", ["day of month", '"30"', "month", '"2"', "five years"]),
        ("0 0 31 4,6,9,11 *", ["five years"]),
        ("0 0 29 2 */7", ["five years"]),
        ("@reboot", ["@reboot", "@daily"]),
        ("@every 5m", ["2 fields"]),
        ("0 0 * * * # nightly", ["Comments"]),
        ("0 0 * * *\n0 1 * * *", ["\\n"]),
        ("\u0660 * * * *", ["plain digits"]),
        ("0 0 1\u00a0* *", ["\\xa0"]),
        ("0," * 130 + "0 * * * *", ["256"]),
    ],
)
def test_a_refusal_names_the_field_the_value_and_what_is_allowed(
    text: str, words: list[str]
) -> None:
    with pytest.raises(InvalidCron) as refused:
        check_cron(text)
    for word in words:
        assert word in str(refused.value)


@pytest.mark.parametrize("value", [5, None, {"$gt": ""}, ["* * * * *"]])
def test_what_is_not_a_text_is_refused(value: object) -> None:
    with pytest.raises(InvalidCron, match="must be a text"):
        check_cron(value)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("  0  0\t*  *  * ", "0 0 * * *"),
        ("0 9 * * mon-fri", "0 9 * * mon-fri"),
        (" @Daily ", "@Daily"),
        ("0 0 * * FRI-SUN", "0 0 * * FRI-SUN"),
        ("*/90 * * * *", "*/90 * * * *"),
        ("0 0 29 2 *", "0 0 29 2 *"),
    ],
)
def test_a_valid_expression_comes_back_as_typed_with_spaces_collapsed(
    text: str, normal: str
) -> None:
    assert check_cron(text) == normal


def test_an_expression_splits_into_its_fields() -> None:
    cron = parse_cron("15 */2 1,15 jan-mar fri")
    fields = (cron.minute, cron.hour, cron.day, cron.month, cron.weekday)
    assert [field.text for field in fields] == ["15", "*/2", "1,15", "jan-mar", "fri"]
    assert cron.month.values == (1, 2, 3)
    assert cron.weekday.values == (5,)
    assert not cron.has_seconds
    assert cron.follows_clock


def test_seconds_come_first() -> None:
    cron = parse_cron("30 15 10 * * *")
    assert (cron.second.values, cron.minute.values, cron.hour.values) == ((30,), (15,), (10,))
    assert cron.has_seconds

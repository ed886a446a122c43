"""Zone names, and the periods between clock changes."""

import zoneinfo
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise

import pytest

from cronpp_app.domain.zones import (
    InvalidZone,
    check_timezone,
    known_zones,
    load_zone,
    periods_from,
    zone_data_version,
)


@pytest.fixture
def packaged_zones_only() -> Iterator[None]:
    before = zoneinfo.TZPATH
    zoneinfo.reset_tzpath(to=())
    yield
    zoneinfo.reset_tzpath(to=before)


@pytest.mark.usefixtures("packaged_zones_only")
def test_the_zones_are_those_of_the_package_but_for_what_is_no_place() -> None:
    listed = zoneinfo.available_timezones() - {"localtime", "Factory", "posixrules"}
    assert known_zones() == tuple(sorted(listed))


@pytest.mark.parametrize("name", ["UTC", "Europe/Berlin", "America/Argentina/Ushuaia", "EST5EDT"])
def test_a_listed_name_is_valid(name: str) -> None:
    assert check_timezone(name) == name
    assert load_zone(name).key == name


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("Europe/Berln", "did you mean Europe/Berlin?"),
        ("europe/berlin", "did you mean Europe/Berlin?"),
        ("IST", "like Europe/Berlin"),
        ("America", "IANA name"),
        ("localtime", "IANA name"),
        ("Factory", "IANA name"),
        ("posixrules", "IANA name"),
        ("../../etc/passwd", "IANA name"),
        ("UTC+2", "IANA name"),
        ("", "Europe/Berlin or UTC"),
        (None, "Europe/Berlin or UTC"),
        ("x" * 5000, 'x..." is not known'),
    ],
)
def test_an_unlisted_name_is_refused_with_a_remedy(name: str, remedy: str) -> None:
    with pytest.raises(InvalidZone) as refused:
        check_timezone(name)
    assert remedy in str(refused.value)
    assert len(str(refused.value)) < 200


def test_the_version_of_the_zone_data_is_a_year_and_a_letter() -> None:
    version = zone_data_version()
    assert version[:4].isdigit()
    assert version[4:].isalpha()


@pytest.mark.parametrize(
    "zone", ["UTC", "Europe/Berlin", "Africa/Casablanca", "Australia/Lord_Howe", "Pacific/Apia"]
)
def test_periods_follow_each_other_and_keep_their_offset(zone: str) -> None:
    clock = load_zone(zone)
    start = datetime.fromisoformat("2009-06-01")
    periods = list(islice(periods_from(zone, start), 20))
    assert periods[0].starts_at <= start < periods[0].ends_at
    for before, period in pairwise(periods):
        # At New Year a period reaches back a little, for what a late change repeats.
        assert period.starts_at <= before.ends_at <= period.starts_at + timedelta(days=2)
    for period in periods:
        for moment in (period.starts_at, period.ends_at - timedelta(seconds=1)):
            assert moment.replace(tzinfo=UTC).astimezone(clock).utcoffset() == period.offset

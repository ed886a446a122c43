"""Pasted commands and lines of crontabs fill the form with what they say."""

from base64 import b64encode
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cronpp_app.services.pasted import UnreadableCommand, read_pasted

U = "https://example.org/hook"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
BASIC = f"Basic {b64encode(b'ada:pa:ss').decode()}"


def action(text: str) -> dict[str, Any]:
    found = read_pasted(text).action
    assert found is not None
    return dict(found)


CALLS: list[tuple[str, dict[str, Any]]] = [
    (f"curl {U}", {"method": "GET", "url": U, "headers": {}, "body": None}),
    (f"$ curl {U}", {"url": U}),
    (f"C:\\Users\\ada> curl.exe {U}", {"url": U}),
    (f"/usr/bin/curl -s {U}", {"url": U}),
    ("curl example.org", {"url": "http://example.org"}),
    (f"curl --url {U}", {"url": U}),
    (f"curl -sSfL -o /dev/null {U}", {"url": U, "follow_redirects": True}),
    (f"curl -X PUT {U}", {"method": "PUT"}),
    (f"curl -XDELETE {U}", {"method": "DELETE"}),
    (f"curl --request=PATCH {U}", {"method": "PATCH"}),
    (f"curl -I {U}", {"method": "HEAD"}),
    (f"curl -H 'A: 1' -H 'B:2' {U}", {"headers": {"A": "1", "B": "2"}}),
    (f"curl -H'A: 1:2' {U}", {"headers": {"A": "1:2"}}),
    (f"curl -H 'Empty;' -H 'Gone:' {U}", {"headers": {"Empty": ""}}),
    (f"curl -H 'a: 1' -H 'A: 2' {U}", {"headers": {"A": "2"}}),
    (f"curl -d a=1 -d b=2 {U}", {"method": "POST", "body": "a=1&b=2", "headers": FORM}),
    (f"curl -da=1 {U}", {"body": "a=1"}),
    (f"curl --data-raw '@not-a-file' {U}", {"body": "@not-a-file"}),
    (f"curl --data-binary $'a\\nb' {U}", {"body": "a\nb"}),
    (f"curl --data-urlencode 'q=a b&c' {U}", {"body": "q=a+b%26c"}),
    (f"curl -G -d a=1 {U}?b=2", {"method": "GET", "url": f"{U}?b=2&a=1", "body": None}),
    (
        f"curl --json '{{\"a\": 1}}' {U}",
        {
            "method": "POST",
            "body": '{"a": 1}',
            "headers": {"Content-Type": "application/json", "Accept": "application/json"},
        },
    ),
    (
        f"curl {U} -H 'content-type: application/json' -d '{{}}'",
        {"headers": {"content-type": "application/json"}, "body": "{}"},
    ),
    (f"curl -u ada:pa:ss {U}", {"headers": {"Authorization": BASIC}}),
    (
        "curl https://ada:pa%3Ass@example.org/hook",
        {"url": U, "headers": {"Authorization": BASIC}},
    ),
    (f"curl -uada:pa:ss {U}", {"headers": {"Authorization": BASIC}}),
    (f"curl --oauth2-bearer t0ken {U}", {"headers": {"Authorization": "Bearer t0ken"}}),
    (f"curl -b 'a=1; b=2' {U}", {"headers": {"Cookie": "a=1; b=2"}}),
    (f"curl -e https://a.example {U}", {"headers": {"Referer": "https://a.example"}}),
    (f"curl -m 90 {U}", {"timeout_seconds": 90}),
    (f"curl -m 0.2 {U}", {"timeout_seconds": 1}),
    (f"curl -X POST \\\n  -H 'A: 1' \\\n  {U}", {"method": "POST", "headers": {"A": "1"}}),
    (f'curl ^"{U}^" ^\r\n  -H ^"A: 1^" ^\r\n  --data-raw ^"^{{^}}^"', {"body": "{}", "url": U}),
    (f"curl -d 'it'\\''s' {U}", {"body": "it's"}),
    (f"curl {U} | jq . > out.json", {"url": U}),
    (f"cd /tmp && sudo curl {U}", {"url": U}),
    (f"curl -- {U}", {"url": U}),
    (f"wget -q -O - {U}", {"method": "GET", "url": U, "follow_redirects": True}),
    (f"wget -qO- {U}", {"url": U}),
    (f"wget --header='A: 1' --post-data 'a=1' {U}", {"method": "POST", "body": "a=1"}),
    (f"wget --method=PUT --body-data='x' -T 20 {U}", {"method": "PUT", "timeout_seconds": 20}),
    (f"wget --user ada --password=pa:ss {U}", {"headers": {"Authorization": BASIC}}),
    (f"wget -nv --spider {U}", {"method": "HEAD"}),
    (f"curl --url-query a=b --url-query 'c=d e' {U}?z=1", {"url": f"{U}?z=1&a=b&c=d+e"}),
    (f"curl -d @body.json {U}", {"method": "POST", "body": None}),
    (f"curl --json @body.json {U}", {"method": "POST", "body": None}),
    (f"curl -T body.json {U}", {"method": "PUT"}),
    (f"curl `\r\n  -X PUT `\r\n  '{U}'", {"method": "PUT", "url": U}),
    (f'curl -d "at $(date +%s)" {U}', {"body": "at $(date +%s)"}),
    (U, {"method": "GET", "url": U}),
]


@pytest.mark.parametrize(("text", "expected"), CALLS)
def test_a_command_fills_the_action(text: str, expected: dict[str, Any]) -> None:
    found = action(text)
    assert {name: found.get(name) for name in expected} == expected


NOTES = [
    (f"curl -k {U}", "Certificates are always checked"),
    (f"curl -A bot {U}", "User-Agent"),
    (f"curl -H 'Host: other' {U}", "Host"),
    (f"curl -x http://proxy {U}", "proxy"),
    (f"curl -d @body.json {U}", "reads a file"),
    (f"curl -b cookies.txt {U}", "reads a file"),
    (f"curl -F file=@a.png {U}", "multipart"),
    (f"curl {U} {U}/2", "only the first"),
    (f"curl -d '{{\"a\": 1}}' {U}", "looks like JSON"),
    (f"curl -H 'Authorization: Bearer '$TOKEN {U}", "$TOKEN"),
    (f"curl {U}?at=$(date +%F)", "$(date +%F) is a command of your shell"),
    (f'curl -d "`hostname`" {U}', "`hostname` is a command of your shell"),
    (f"curl {U}?a=1&b=2", "An & without quotes"),
    (f"curl -X BREW {U}", "BREW"),
    (f"curl -X GET -d a=1 {U}", "cannot have one"),
    (f"curl -u ada {U}", "password"),
    (f"wget --no-check-certificate {U}", "Certificates"),
]


@pytest.mark.parametrize(("text", "words"), NOTES)
def test_what_cannot_be_taken_over_is_told(text: str, words: str) -> None:
    assert words in " ".join(read_pasted(text).notes)


def test_retries_of_curl_and_tries_of_wget_become_retries() -> None:
    assert read_pasted(f"curl --retry 5 {U}").max_retries == 5
    assert read_pasted(f"wget -t 5 {U}").max_retries == 4
    assert read_pasted(f"curl {U}").max_retries is None


CRONTABS: list[tuple[str, str, str]] = [
    (f"*/5 * * * * curl -fsS {U}", "*/5 * * * *", "UTC"),
    (f"0 5 * * 1-5 root /usr/bin/curl {U} >/dev/null 2>&1", "0 5 * * 1-5", "UTC"),
    (f"@daily curl {U}", "@daily", "UTC"),
    (f"@hourly www-data curl {U}", "@hourly", "UTC"),
    (f"0\t4 * * sun\twget -q -O /dev/null {U}", "0 4 * * sun", "UTC"),
    (f"CRON_TZ=Europe/Berlin\n30 2 * * * curl {U}", "30 2 * * *", "Europe/Berlin"),
    (f"CRON_TZ=Asia/Tokyo 30 2 * * * curl {U}", "30 2 * * *", "Asia/Tokyo"),
    (f'TZ = "Asia/Tokyo"\n30 2 * * * curl {U}', "30 2 * * *", "Asia/Tokyo"),
    (f"SHELL=/bin/bash\n\n# nightly\n0 0 * * * cd /srv && curl {U}", "0 0 * * *", "UTC"),
    (f"0 0 1 jan * flock -n /tmp/l timeout 60 curl {U}", "0 0 1 jan *", "UTC"),
    (f"*/10 * * * * [ -f /tmp/x ] || curl {U}", "*/10 * * * *", "UTC"),
]


@pytest.mark.parametrize(("text", "cron", "timezone"), CRONTABS)
def test_a_line_of_a_crontab_fills_schedule_and_action(text: str, cron: str, timezone: str) -> None:
    found = read_pasted(text)
    assert found.schedule == {"kind": "cron", "cron": cron, "timezone": timezone}
    assert found.action is not None
    assert found.action["url"] == U


@pytest.mark.parametrize("text", ["*/5 9-17 * * 1-5", "0 */5 * * * *", "@weekly", "0 0 L * *"])
def test_an_expression_alone_fills_the_schedule(text: str) -> None:
    found = read_pasted(text, timezone="Europe/Berlin")
    assert found.schedule == {"kind": "cron", "cron": text, "timezone": "Europe/Berlin"}
    assert found.action is None


def test_the_comment_above_a_line_names_the_job() -> None:
    assert read_pasted(f"# Warm the cache\n@hourly curl {U}").name == "Warm the cache"
    assert read_pasted(f"@hourly curl {U}").name == "hook · example.org"


def test_variables_of_a_crontab_are_filled_in() -> None:
    found = action(f'TOKEN=abc\n@daily curl -H "X-Key: $TOKEN" {U}')
    assert found["headers"] == {"X-Key": "abc"}


def test_percents_of_a_crontab_mean_lines_of_input() -> None:
    assert action(f"@daily curl --data-binary @- {U}%one%two")["body"] == "one\ntwo"
    assert action(f"@daily curl {U}?q=\\%20")["url"] == f"{U}?q=%20"


def test_a_command_that_calls_nothing_fills_the_schedule_and_says_so() -> None:
    found = read_pasted("15 3 * * * /usr/local/bin/backup --all")
    assert found.action is None
    assert found.schedule is not None
    assert found.name == "/usr/local/bin/backup --all"
    assert "only the schedule" in found.notes[0]


def test_of_many_lines_the_first_is_taken_and_that_is_said() -> None:
    found = read_pasted(f"@daily curl {U}/1\n@hourly curl {U}/2")
    assert found.action is not None
    assert found.action["url"] == f"{U}/1"
    assert "first of 2 lines" in found.notes[0]


UNREADABLE = [
    ("", "nothing to read"),
    ("hello world", "neither"),
    ("curl", "names no URL"),
    ("curl -H 'A: 1", "never closed"),
    (f"@reboot curl {U}", "@reboot"),
    (f"@fortnightly curl {U}", "@fortnightly"),
    (f"61 * * * * curl {U}", 'minute "61"'),
    ("x" * 300_001, "longer"),
]


@pytest.mark.parametrize(("text", "words"), UNREADABLE)
def test_what_cannot_be_read_is_refused_with_a_reason(text: str, words: str) -> None:
    with pytest.raises(UnreadableCommand, match=words):
        read_pasted(text)


@settings(max_examples=80, deadline=None)
@given(st.lists(st.sampled_from(
    ["curl", "wget", "-d", "-H", "-X", "@daily", "* * * * *", U, "'", '"', "\\\n", "^\n", "A: 1",
     "%", "-", "--", "$X", "@-", "TZ=x", "\n", "#", "-u", "a:b", "-m", "1e400", "--json", "\u202e"]
), max_size=12))  # fmt: skip
def test_any_mixture_is_read_or_refused(parts: list[str]) -> None:
    try:
        read_pasted(" ".join(parts))
    except UnreadableCommand:
        return

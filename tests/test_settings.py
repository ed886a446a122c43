"""Configuration: checked at start, every complaint names setting, value and remedy."""

import pytest

from cronpp_app.errors import SetupError
from cronpp_app.settings import load_settings, parse_options


def test_defaults_need_nothing() -> None:
    settings = load_settings()
    assert (settings.port, settings.workers, settings.slots) == (8080, 1, 500)
    assert settings.host == "127.0.0.1"


def test_options_win_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRONPP_PORT", "9000")
    assert load_settings().port == 9000
    options = parse_options("main.py", "", ["port"], ["--port", "9100"])
    assert load_settings(options).port == 9100


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("port", "70000", "less than or equal to 65535"),
        ("slots", "0", "greater than or equal to 1"),
        ("slots", "many", "valid integer"),
        ("mongodb_uri", "localhost:27017", "must start with mongodb://"),
        ("signup", "maybe", "'open', 'first' or 'closed'"),
        ("database", "a b", "without spaces"),
        ("heartbeat_url", "hc.example/ping", "must be a URL that starts with https://"),
        ("heartbeat_url", "ftp://hc.example/", "must be a URL that starts with https://"),
        ("heartbeat_url", "http://hc.example:70000/", "Port out of range"),
        ("host", "", "must be an address"),
        ("cors_origins", "app.example.org", "must be an origin as browsers send it"),
        ("cors_origins", "https://app.example.org/", "must be an origin as browsers send it"),
        ("cors_origins", "https://App.example.org", "must be an origin as browsers send it"),
        ("cors_origins", "https://app.example.org,null", "'null' must be an origin"),
        ("trusted_proxies", "*", "must be an address or CIDR"),
        ("trusted_proxies", "proxy.lan", "must be an address or CIDR"),
        ("trusted_proxies", "10.0.0.1/8", "has host bits set"),
    ],
)
def test_a_wrong_value_is_named_with_what_is_allowed(name: str, value: str, said: str) -> None:
    with pytest.raises(SetupError, match=said) as error:
        load_settings({name: value})
    assert f"CRONPP_{name.upper()} (or --{name.replace('_', '-')}) is '{value}'" in str(error.value)


@pytest.mark.parametrize(
    "origins", ["", "*", "https://app.example.org, http://localhost:5173", "http://[::1]:8000"]
)
def test_origins_are_taken_as_browsers_send_them(origins: str) -> None:
    assert load_settings({"cors_origins": origins}).cors_origins == origins


def test_all_wrong_values_are_reported_at_once() -> None:
    with pytest.raises(SetupError) as error:
        load_settings({"port": "x", "slots": "y"})
    assert "CRONPP_PORT" in str(error.value)
    assert "CRONPP_SLOTS" in str(error.value)


def test_every_setting_says_what_it_means() -> None:
    from cronpp_app.settings import Settings

    assert all(field.description for field in Settings.model_fields.values())

"""Programs that sign in, in words."""

import pytest

from components.device_words import device_icon, device_words

_MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)"
_LINUX = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)"
_WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
_PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15"
_ANDROID = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("agent", "words", "drawn"),
    [
        (
            "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
            "Firefox on Linux",
            "monitor",
        ),
        (f"{_LINUX} HeadlessChrome/140.0.0.0 Safari/537.36", "Chrome on Linux", "monitor"),
        (f"{_WINDOWS} Chrome/140.0.0.0 Safari/537.36 Edg/140.0", "Edge on Windows", "monitor"),
        (f"{_WINDOWS} Chrome/140.0.0.0 Safari/537.36 OPR/120.0", "Opera on Windows", "monitor"),
        (f"{_MAC} Version/18.1 Safari/605.1.15", "Safari on macOS", "monitor"),
        (f"{_PHONE} Version/18.1 Mobile/15E148 Safari/604.1", "Safari on iPhone", "smartphone"),
        (f"{_PHONE} CriOS/140.0 Mobile/15E148 Safari/604.1", "Chrome on iPhone", "smartphone"),
        (f"{_ANDROID} Chrome/140.0.0.0 Mobile Safari/537.36", "Chrome on Android", "smartphone"),
        ("curl/8.9.1", "curl", "terminal"),
        ("python-httpx/0.28.1", "python-httpx", "terminal"),
        ("Mozilla/5.0 (compatible)", "Unknown program", "monitor"),
        ("", "Unknown program", "terminal"),
        ("<b>bold</b>/1.0", "Unknown program", "terminal"),
        ("x" * 256, "Unknown program", "terminal"),
    ],
)
def test_a_device_is_told_in_words(agent: str, words: str, drawn: str) -> None:
    assert (device_words(agent), device_icon(agent)) == (words, drawn)

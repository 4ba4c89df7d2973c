"""What a browser is called in the list of sessions: words of ours, whatever it says of itself."""

import pytest

from dashboard.sessions.browsers import browser_of

CHROME = "Mozilla/5.0 ({}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0{} Safari/537.36{}"
SAFARI = "Mozilla/5.0 ({}) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0{} Safari/604.1"


@pytest.mark.parametrize(
    ("user_agent", "browser"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Windows"),
        (CHROME.format("Windows NT 10.0; Win64; x64", "", ""), "Chrome on Windows"),
        (CHROME.format("Windows NT 10.0; Win64; x64", "", " Edg/140.0.0.0"), "Edge on Windows"),
        (CHROME.format("X11; Linux x86_64", "", " OPR/120.0.0.0"), "Opera on Linux"),
        (CHROME.format("Linux; Android 10; K", " Mobile", ""), "Chrome on Android"),
        (CHROME.format("X11; CrOS x86_64 14541.0.0", "", ""), "Chrome on ChromeOS"),
        (SAFARI.format("Macintosh; Intel Mac OS X 10_15_7", ""), "Safari on macOS"),
        (SAFARI.format("iPhone; CPU iPhone OS 18_0 like Mac OS X", " Mobile/15E148"), "Safari on iPhone"),
        (SAFARI.format("iPad; CPU OS 18_0 like Mac OS X", " CriOS/140.0"), "Chrome on iPad"),
        ("curl/8.5.0", "A browser"),
        ("", "A browser"),
        ("<script>alert(1)</script>", "A browser"),
        ("x" * 10_000 + "Linux", "A browser on Linux"),
    ],
)
def test_it_is_named_in_words_of_ours(user_agent: str, browser: str) -> None:
    assert browser_of(user_agent) == browser

"""What a browser sends on another site's behalf is not done, whatever it brings along."""

import pytest
from starlette.datastructures import Headers as RequestHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.testclient import TestClient

from dashboard.web.headers import POLICY, Headers
from dashboard.web.origin import OwnOrigin, is_from_a_page_of

ORIGIN = "https://paas.example.com"
HOST = "paas.example.com"
PAGES = f"{ORIGIN}/runtime/dashboard/"


async def done(scope: object, receive: object, send: object) -> None:
    request = Request(scope)  # type: ignore[arg-type]
    await PlainTextResponse(f"done {request.method}")(scope, receive, send)  # type: ignore[arg-type]


def asked(method: str, headers: dict[str, str], *, path: str = "/runtime/dashboard/sign-out") -> Response:
    app = Headers(
        OwnOrigin(done, origin=ORIGIN, url=PAGES, exempt=frozenset({"/links"}), from_anywhere=frozenset({"/look"})),
        hsts="max-age=31536000",
    )
    client = TestClient(app, base_url=ORIGIN, follow_redirects=False)
    return client.request(method, path, headers=headers)  # type: ignore[return-value]


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "same-origin"},
        {"sec-fetch-site": "same-origin", "origin": ORIGIN},
        {"origin": ORIGIN},  # a browser that does not say where from in the other way
    ],
)
def test_our_own_pages_may(headers: dict[str, str]) -> None:
    assert asked("POST", headers).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "none"},
        {"sec-fetch-site": "cross-site", "origin": ORIGIN},
        {"sec-fetch-site": ""},
        {"origin": "null"},
        {"origin": "https://evil.example.com"},
        {"origin": f"{ORIGIN}.evil.example.com"},
        {"origin": "http://paas.example.com"},
        {"origin": f"{ORIGIN}:8443"},
        {"referer": PAGES},
    ],
)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_nobody_else_may(method: str, headers: dict[str, str]) -> None:
    answer = asked(method, headers)
    assert answer.status_code == 403
    assert answer.headers["content-security-policy"] == POLICY


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_what_changes_nothing_may_come_from_anywhere(method: str) -> None:
    assert asked(method, {"sec-fetch-site": "cross-site"}).status_code == 200


@pytest.mark.parametrize("host", ["evil.example.com", f"{HOST}:8443", f"{HOST}.", "127.0.0.1", ""])
def test_another_name_is_not_ours(host: str) -> None:
    shown = asked("GET", {"host": host})
    assert (shown.status_code, shown.headers["location"]) == (307, PAGES)
    assert asked("POST", {"host": host, "sec-fetch-site": "same-origin"}).status_code == 421


def test_what_takes_no_cookie_is_for_programs() -> None:
    assert asked("POST", {"host": "127.0.0.1:7300"}, path="/links").status_code == 200


def test_what_does_nothing_may_be_sent_from_a_file_of_the_person_s_own() -> None:
    from_a_file = {"origin": "null", "sec-fetch-site": "cross-site"}
    assert asked("POST", from_a_file, path="/look").status_code == 200
    assert asked("POST", {**from_a_file, "host": "evil.example.com"}, path="/look").status_code == 421


@pytest.mark.parametrize(
    ("headers", "is_ours"),
    [
        ({"sec-fetch-site": "same-origin"}, True),
        ({"sec-fetch-site": "none"}, False),
        ({"sec-fetch-site": "cross-site", "referer": f"{PAGES}sign-in"}, False),
        ({"referer": f"{PAGES}sign-in"}, True),
        ({"referer": "https://paas.example.com.evil.example/"}, False),
        ({}, False),
    ],
)
def test_a_link_that_was_pressed_on_a_page_of_ours_is_told_from_others(
    headers: dict[str, str], *, is_ours: bool
) -> None:
    assert is_from_a_page_of(PAGES, RequestHeaders(headers)) is is_ours


def test_every_answer_says_what_a_browser_may() -> None:
    answer = asked("GET", {})
    assert "unsafe" not in POLICY
    assert "frame-ancestors 'none'" in POLICY
    assert {"default-src 'none'", "base-uri 'none'", "form-action 'self'"} <= set(POLICY.split("; "))
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert answer.headers["cross-origin-opener-policy"] == "same-origin"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["strict-transport-security"] == "max-age=31536000"


def test_over_http_browsers_are_told_nothing_of_https() -> None:
    assert "strict-transport-security" not in TestClient(Headers(done), base_url=ORIGIN).get("/").headers

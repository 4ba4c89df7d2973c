"""What was done is told on the next page, once, and can't be put there by an address or another site.

Leaves out the pages that show it (tests/e2e).
"""

from http.cookies import SimpleCookie

from starlette.requests import Request
from starlette.responses import Response

from dashboard.web.notices import forget, leave, notice_in

SENTENCE = 'Ünicode “and” quotes; a, comma = <b> & "more".'


def cookie_of(response: Response) -> "SimpleCookie":
    return SimpleCookie(response.headers["set-cookie"])


def request(cookie: str, query: str = "") -> Request:
    headers = [(b"cookie", cookie.encode())] if cookie else []
    return Request({"type": "http", "headers": headers, "query_string": query.encode()})


def test_what_is_left_is_told_and_then_forgotten() -> None:
    response = Response()
    leave(response, SENTENCE)
    [(name, morsel)] = cookie_of(response).items()
    assert notice_in(request(f"{name}={morsel.value}")) == SENTENCE
    after = Response()
    forget(after)
    assert cookie_of(after)[name]["max-age"] == "0"


def test_only_this_host_can_leave_it() -> None:
    response = Response()
    leave(response, SENTENCE)
    [(name, morsel)] = cookie_of(response).items()
    # What browsers hold a cookie to whose name begins so (RFC 6265bis, 4.1.3.2).
    assert name.startswith("__Host-")
    assert (morsel["secure"], morsel["httponly"], morsel["path"], morsel["domain"]) == (True, True, "/", "")


def test_an_address_says_nothing() -> None:
    assert notice_in(request("", "notice=owned&__Host-paas-notice=owned")) == ""


def test_it_has_an_end() -> None:
    response = Response()
    leave(response, "x" * 5000)
    [(name, morsel)] = cookie_of(response).items()
    assert len(notice_in(request(f"{name}={morsel.value}"))) == 1000
    assert len(notice_in(request(f"{name}={'y' * 5000}"))) == 1000

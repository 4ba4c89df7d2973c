"""What was done, told on the page that a form leads to: once, and in no address, where anybody could write it.

It travels in a cookie of this host alone, which is over with the page that shows it. Names may be in it, no value.
"""

from typing import Final
from urllib.parse import quote, unquote

from starlette.requests import Request
from starlette.responses import Response

_COOKIE: Final = "__Host-paas-notice"
_SECONDS: Final = 60
_MOST: Final = 1000


def leave(response: Response, sentence: str) -> None:
    """Have the next page tell it."""
    response.set_cookie(
        _COOKIE, quote(sentence[:_MOST]), max_age=_SECONDS, secure=True, httponly=True, samesite="lax", path="/"
    )


def notice_in(request: Request) -> str:
    """What this page is to tell; empty for nothing."""
    return unquote(request.cookies.get(_COOKIE, ""))[:_MOST]


def forget(response: Response) -> None:
    """Have it told no more."""
    response.delete_cookie(_COOKIE, path="/", secure=True, httponly=True, samesite="lax")

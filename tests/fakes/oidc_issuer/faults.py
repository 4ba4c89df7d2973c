"""What can be wrong with an answer of the issuer's."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Answer:
    """An answer before it is written: a JSON document, a page, or a way elsewhere (`location`)."""

    status: int = 200
    document: Any = None
    page: str = ""
    location: str | None = None


@dataclass(frozen=True)
class Fault:
    """What happens to requests to `endpoint`, `times` times or until it is taken away. The rest stays as it is.

    `endpoint` is `discovery`, `jwks`, `device`, `auth`, `token`, `logout`, `revoke` or `directory`.
    """

    endpoint: str
    what: str
    """In a few words, for who reads which test failed."""
    status: int | None = None
    """Nothing is done; the answer is a page with this status."""
    error: str | None = None
    """Nothing is done; the answer is this error of OAuth's (RFC 6749, section 5.2)."""
    location: str | None = None
    """Nothing is done; the answer leads to this address."""
    changed: Callable[[dict[str, Any]], dict[str, Any]] | None = None
    """It is done, and the document that is answered becomes what this makes of it."""
    dropped: bool = False
    """It is done, and the connection ends without an answer."""
    lags: bool = False
    """It is done, and nothing is answered before the fault is over."""
    times: int | None = None

    def __str__(self) -> str:
        return f"{self.endpoint} {self.what}"

    @property
    def instead(self) -> Answer | None:
        """What is answered in place of doing anything."""
        if self.error is not None:
            return Answer(status=400, document={"error": self.error, "error_description": f"fault: {self.what}"})
        if self.location is not None:
            return Answer(status=302, location=self.location)
        return Answer(status=self.status, page=self.what) if self.status is not None else None

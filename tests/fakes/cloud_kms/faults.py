"""What can be wrong with a call: it fails, lags, or what is asked or answered is changed on its way."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import grpc

CANARY: Final = "xyzzy-of-google"
"""In every text of an error of the fake's. Nothing that we say or log may have it."""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What happens to calls of `method`, `times` times or until it is taken away. The rest stays as it is."""

    method: str
    what: str
    """In a few words, for who reads which test failed."""
    status: grpc.StatusCode | None = None
    """The call fails with this status."""
    lags: bool = False
    """There is no answer before the fault is over."""
    asked: Callable[[Any], object] | None = None
    """Changes what arrives."""
    answered: Callable[[Any], object] | None = None
    """Changes what is answered."""
    garbled: bool = False
    """What is answered is no message at all."""
    times: int | None = None

    def __str__(self) -> str:
        return f"{self.method} {self.what}"

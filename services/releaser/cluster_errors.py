"""What Kubernetes refuses, by kind: what is in a refusal's structure, and nothing of its texts.

A message of the API can quote a Secret; its reason, its codes, and the names of fields and managers can't.
"""

import json
import re
from collections.abc import Mapping
from typing import Any, Final

_MANAGER: Final = re.compile(r'conflict with "([^"\x00-\x1f]{1,128})"')
_QUOTA: Final = "exceeded quota"
_LONGEST_RETRY_SECONDS: Final = 30.0


class ClusterError(Exception):
    """The API answered no, or not at all. `code` is the HTTP status, 0 for none; `reason` is one word of the API's.

    `retry_after` is how many seconds the API asks to be left alone, 0 where it doesn't.
    """

    def __init__(self, *, code: int = 0, reason: str = "", retry_after: float = 0.0) -> None:
        super().__init__(f"{code} {reason}")
        self.code = code
        self.reason = reason
        self.retry_after = retry_after


class Away(ClusterError):
    """It can't answer now, or whether it did what it was asked is not known: look again, then try again."""


class NotTrusted(Away):
    """What answers has no certificate of the authority that was named, or none that is valid now."""


class Stale(ClusterError):
    """What was to be written stood on an older version of the object."""


class Conflict(ClusterError):
    """Another manager has fields that were to be applied: `managers` by name, `fields` as paths with keys."""

    def __init__(self, *, managers: tuple[str, ...], fields: tuple[str, ...]) -> None:
        super().__init__(code=409, reason="FieldManagerConflict")
        self.managers = managers
        self.fields = fields


class Denied(ClusterError):
    """Releaser may not do it there: the namespace is not one of ours, a certificate has ended, a policy says no."""


class QuotaExceeded(ClusterError):
    """The namespace's quota has no room for it."""


class Invalid(ClusterError):
    """The API takes no such object; `fields` are the paths it names."""

    def __init__(self, *, code: int, reason: str, fields: tuple[str, ...] = ()) -> None:
        super().__init__(code=code, reason=reason)
        self.fields = fields


class Unknown(ClusterError):
    """Anything else."""


def refusal_of(code: int, body: str | None, headers: Mapping[str, str]) -> ClusterError:
    """Return what an answer that is no success means."""
    status = _status_of(body)
    reason = str(status.get("reason") or "")
    details = status.get("details") or {}
    causes = [cause for cause in details.get("causes") or [] if isinstance(cause, dict)]
    if code in {0, 408, 429} or code >= 500:
        return Away(code=code, reason=reason, retry_after=_retry_after(headers, details))
    if code == 409 and any(cause.get("reason") == "FieldManagerConflict" for cause in causes):
        return _conflict_of(causes)
    if code in {400, 413, 422}:
        return Invalid(code=code, reason=reason, fields=tuple(str(cause.get("field", "")) for cause in causes)[:8])
    kind: type[ClusterError] = Unknown
    if code == 409 and reason == "Conflict":
        kind = Stale
    elif code in {401, 403}:
        kind = QuotaExceeded if _QUOTA in str(status.get("message")) else Denied
    return kind(code=code, reason=reason)


def _conflict_of(causes: list[dict[str, Any]]) -> Conflict:
    named = [_MANAGER.search(str(cause.get("message", ""))) for cause in causes]
    return Conflict(
        managers=tuple(dict.fromkeys(match[1] for match in named if match)),
        fields=tuple(str(cause.get("field", "")) for cause in causes),
    )


def _status_of(body: str | None) -> dict[str, Any]:
    try:
        status = json.loads(body or "")
    except ValueError:
        return {}
    return status if isinstance(status, dict) else {}


def _retry_after(headers: Mapping[str, str], details: Mapping[str, Any]) -> float:
    for told in (headers.get("Retry-After"), details.get("retryAfterSeconds")):
        try:
            return min(max(float(str(told)), 0.0), _LONGEST_RETRY_SECONDS)
        except ValueError:
            continue
    return 0.0

"""What a report of GitHub's secret scanning says, and what it is answered. Pure.

It is a JSON array of matches, `{"token": …, "type": …, "url": …, "source": …}`. Where a match was found is not kept: a
path is chosen by whoever put the token there, and may be a text for whoever reads the log (docs/decisions/0048).
"""

import base64
import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from paaskit.errors import InvalidInput

MOST_MATCHES: Final = 4000
"""As many as fit into a request, about; each takes an answer as well."""
LONGEST_TYPE: Final = 256
_REAL: Final = "true_positive"
_NOT_OURS: Final = "false_positive"


@dataclass(frozen=True)
class Match:
    """A text that looks like a token, and what the reporter calls its kind."""

    text: str = field(repr=False)
    kind: str


def read(body: bytes) -> Sequence[Match]:
    """Return the matches of a report, each once. Raises InvalidInput where it is none.

    It is refused whole: a form that is not the agreed one is to be noticed, and can be sent again.
    """
    try:
        return _matches(json.loads(body.decode(), object_pairs_hook=_once_each))
    except (ValueError, RecursionError):
        # Among these are errors that have a text of the body in them.
        raise InvalidInput(
            f"A report is a JSON array of at most {MOST_MATCHES} matches, each with its token and type."
        ) from None


def answer(matches: Sequence[Match], *, ours: Collection[str]) -> bytes:
    """Return what is said of the matches, given which of their texts are tokens of ours: GitHub's form of feedback."""
    told = [
        {
            "token_hash": base64.b64encode(hashlib.sha256(match.text.encode()).digest()).decode(),
            "token_type": match.kind,
            "label": _REAL if match.text in ours else _NOT_OURS,
        }
        for match in matches
    ]
    return json.dumps(told).encode()


def _matches(listed: Any) -> Sequence[Match]:
    if not isinstance(listed, list) or len(listed) > MOST_MATCHES:
        raise ValueError
    return list(dict.fromkeys(_match(each) for each in listed))


def _match(listed: Any) -> Match:
    told = listed if isinstance(listed, dict) else {}
    text, kind = told.get("token"), told.get("type")
    if not isinstance(text, str) or not isinstance(kind, str) or len(kind) > LONGEST_TYPE:
        raise ValueError
    text.encode()  # half of a surrogate pair is no text, and has no digest
    return Match(text, kind)


def _once_each(pairs: Sequence[tuple[str, Any]]) -> Mapping[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError
    return found

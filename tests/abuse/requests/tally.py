"""What came back for what was sent: counted by kind, and each text that was said."""

import base64
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote_to_bytes

from tests.abuse.requests.answers import Answer
from tests.abuse.requests.verdicts import is_expected, reviewed

_SHOWN_EXAMPLES: Final = 5
_SHOWN_CHARACTERS: Final = 200
_ID: Final = re.compile(r"[0-9a-f]{12}")


@dataclass
class Tally:
    """What was counted.

    `outcomes` by kind, and the `unexpected` among them; which of the reviewed `texts` errors have, and the `unreviewed`
    ones with an example; what was `quoted` of what no error may repeat; what got no answer (`silent`).
    """

    sent: int = 0
    outcomes: dict[str, Counter[str]] = field(default_factory=dict)
    unexpected: Counter[str] = field(default_factory=Counter)
    texts: Counter[str] = field(default_factory=Counter)
    unreviewed: dict[str, str] = field(default_factory=dict)
    quoted: list[str] = field(default_factory=list)
    silent: list[str] = field(default_factory=list)

    def count(self, kind: str, path: str, answer: Answer, *, mark: str) -> None:
        """Take one answer in. `mark` is what no error may repeat."""
        self.sent += 1
        outcome = answer.outcome
        self.outcomes.setdefault(kind, Counter())[outcome] += 1
        if not is_expected(kind, outcome):
            self.unexpected[f"{kind} {path}: {outcome} {_ID.sub('ID', answer.text)[:_SHOWN_CHARACTERS]}"] += 1
        if answer.text:
            known = reviewed(answer.text)
            if known is None:
                self.unreviewed.setdefault(answer.text[:_SHOWN_CHARACTERS], f"{kind} {path}")
            else:
                self.texts[known] += 1
        if not answer.is_success and _holds(answer, mark) and len(self.quoted) < _SHOWN_EXAMPLES:
            self.quoted.append(f"{kind} {path} {outcome}")

    def broke(self, kind: str, *, closed: bool) -> None:
        """Take in how a connection took what it was sent."""
        self.sent += 1
        self.outcomes.setdefault(kind, Counter())["connection closed" if closed else "connection goes on"] += 1

    def is_silent(self, kind: str, path: str) -> None:
        """Nothing came in time."""
        self.sent += 1
        self.outcomes.setdefault(kind, Counter())["silence"] += 1
        self.silent.append(f"{kind} {path}")

    def add(self, other: "Tally") -> None:
        """Take in what somebody else counted."""
        self.sent += other.sent
        for kind, counted in other.outcomes.items():
            self.outcomes.setdefault(kind, Counter()).update(counted)
        self.unexpected.update(other.unexpected)
        self.texts.update(other.texts)
        self.unreviewed = {**other.unreviewed, **self.unreviewed}
        self.quoted += other.quoted
        self.silent += other.silent


def _holds(answer: Answer, mark: str) -> bool:
    """Whether a mark is in what is said of an error, or in any header or trailer, also in base64 as binary ones are."""
    needle = mark.encode()
    # Over gRPC an error has no content; what came before it, as of a stream that ran out of time, is an answer.
    if needle in answer.content and (answer.is_json or "grpc-status" not in answer.fields):
        return True
    for name, value in answer.fields.items():
        raw = value.encode("latin-1")
        if name.endswith("-bin"):
            raw = base64.b64decode(raw + b"=" * (-len(raw) % 4))
        if needle in raw or needle in unquote_to_bytes(raw):
            return True
    return False

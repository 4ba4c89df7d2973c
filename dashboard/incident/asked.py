"""What an incident is about, as somebody fills it in and as it then stands in the address."""

from collections.abc import Mapping
from typing import Final

from google.rpc import code_pb2

from dashboard.calls.refusals import Refusal
from paas_cli.errors import Misuse
from paas_cli.incident.asking import Question
from paas_cli.typed.credentials import looks_like_one
from paas_cli.typed.moments import moment

FIELDS: Final = ("token", "person", "since", "until", "app")
_MOST: Final = 200
_TWO: Final = "A token and a person are two incidents; ask about one at a time."
_NOTHING: Final = "Say what it is about: a token, a person, or a time since when."
_TEXT: Final = (
    "Name the token by its name or id, not by its text, which would stand in addresses and logs. The list of tokens "
    "has the names."
)
_ORDER: Final = "Until is not after since, so nothing can be between them; swap them, or correct one."


def given(fields: Mapping[str, object]) -> dict[str, str]:
    """What was filled in, without what was left empty. Raises Refusal for what must not come into an address."""
    found = {}
    for name in FIELDS:
        text = fields.get(name, "")
        if not isinstance(text, str) or not text.strip():
            continue
        found[name] = text.strip()
        if found[name].startswith("paas_pat_") or looks_like_one("", found[name]):
            raise _refused(_TEXT)
        if len(found[name].encode()) > _MOST:
            raise _refused(f"That is longer than any name: at most {_MOST} bytes.")
    return found


def question(asked: Mapping[str, str], *, now: float) -> Question:
    """What is asked. Raises Refusal where nothing or too much is, and for what is no time."""
    if "token" in asked and "person" in asked:
        raise _refused(_TWO)
    if not {"token", "person", "since"} & set(asked):
        raise _refused(_NOTHING)
    try:
        since, until = (
            moment(asked[each], option=each.capitalize(), now=now) if each in asked else None
            for each in ("since", "until")
        )
    except Misuse as misuse:
        raise _refused(str(misuse)) from None
    if since is not None and until is not None and until <= since:
        raise _refused(_ORDER)
    return Question(
        token=asked.get("token", ""),
        user=asked.get("person", ""),
        app=asked.get("app", ""),
        since=since,
        until=until,
    )


def _refused(sentence: str) -> Refusal:
    return Refusal(code=code_pb2.INVALID_ARGUMENT, sentence=sentence)

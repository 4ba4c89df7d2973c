"""What pages are asked by their addresses."""

from typing import Final

ASKED: Final = {
    "": (("q",), ("page",)),
    "account/audit": (("since",), ("outcome",), ("page",), ("app", "name", "action", "actor", "people", "until")),
    "account/incident": (("token",), ("person", "app", "since", "until")),
    "account/trusts/new": (("ci",),),
    "apps/{app}/compare": (("with",),),
    "due": (("list",), ("page",)),
    "groups": (("q",), ("page",)),
    "groups/{group}/attach": (("app",),),
    "sign-in": (("to",),),
    "sign-in/link": (("code", "to"),),
}
"""Fields of each page that are given the same at once: what is refused first is told, each with its own sentence."""

"""What somebody wants to change, put together from what they pasted and pressed. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from dashboard.calls.apps import Variables
from dashboard.variables.table import CONFIG, MANAGED, SECRET, Row, rows
from paas_cli.typed.credentials import looks_like_one
from paas_cli.typed.names import is_set_by_platform, name_fault, value_fault

SET, UNSET = "set", "unset"
MOST: Final = 1000
MOST_BYTES: Final = 1024 * 1024
"""Twice what an app can hold."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """One name, and what is to become of it."""

    name: str
    action: str
    # config or secret, as somebody chose; empty where nobody has yet.
    kind: str = ""
    value: str = field(default="", repr=False)
    # The line it was on, where it was pasted.
    line: int = 0


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What becomes of one wanted change, in the words of the review: its `outcome` is new, changed, same, removed,
    left out or refused.
    """

    wanted: Wanted
    outcome: str
    kind: str
    # Why it is refused.
    problem: str = ""
    # The value there is now, of a config var.
    before: str = ""
    # It looks like a credential and would be kept as plain text.
    suspicious: bool = False

    @property
    def counts(self) -> bool:
        """Whether saving does something about it."""
        return self.outcome in ("new", "changed", "removed")


def verdicts(wanted: Sequence[Wanted], variables: Variables) -> list[Verdict]:
    """Judge each wanted change by what the app has. The services judge again when it is saved."""
    there = {row.name: row for row in rows(variables) if not row.is_new}
    return [
        Verdict(wanted=each, outcome="left out", kind="")
        if _is_of_platform(each)
        else _verdict(each, there.get(each.name))
        for each in wanted
    ]


def add(pending: Sequence[Wanted], more: Sequence[Wanted]) -> list[Wanted]:
    """Put more to what is pending: for a name that is there already, the later counts, in its place."""
    found = {each.name: each for each in pending}
    for each in more:
        before = found.get(each.name)
        found[each.name] = replace(each, kind=each.kind or (before.kind if before else ""))
    return list(found.values())


def fault_of(pending: Sequence[Wanted]) -> str:
    """What is too much about it, as a sentence; empty where it is not."""
    if len(pending) > MOST:
        return f"More than {MOST} changes at once are too many to look at: save some of them first."
    if sum(len(each.name) + len(each.value.encode("utf-8", "surrogatepass")) for each in pending) > MOST_BYTES:
        return "More than 1 MiB of changes is more than an app can hold: save or discard some of them first."
    return ""


def chosen(pending: Sequence[Wanted], choices: Mapping[str, str]) -> list[Wanted]:
    """The same with kinds as somebody chose them; `drop` leaves a name out."""
    kept = [each for each in pending if choices.get(each.name) != "drop"]
    return [
        replace(each, kind=choices[each.name]) if choices.get(each.name) in (CONFIG, SECRET) else each for each in kept
    ]


def written(pending: Sequence[Wanted]) -> dict[str, Any]:
    """What is sealed of it."""
    return {
        "rows": [
            {"name": each.name, "action": each.action, "kind": each.kind, "value": each.value, "line": each.line}
            for each in pending
        ]
    }


def opened(content: Mapping[str, Any]) -> list[Wanted]:
    """What was sealed."""
    return [Wanted(**each) for each in content["rows"]]


def _is_of_platform(wanted: Wanted) -> bool:
    """Whether a paste has it and nobody means it, since the platform sets it itself (decision 66)."""
    return wanted.action == SET and wanted.line > 0 and is_set_by_platform(wanted.name)


def _verdict(wanted: Wanted, row: Row | None) -> Verdict:
    if wanted.action == UNSET:
        if row is None:
            return Verdict(wanted=wanted, outcome="refused", kind=wanted.kind, problem="is not set")
        problem = f"is managed by {row.addon}" if row.kind == MANAGED else ""
        return Verdict(wanted=wanted, outcome="refused" if problem else "removed", kind=row.kind, problem=problem)
    suspicious = looks_like_one(wanted.name, wanted.value)
    # What is there keeps its kind. What is new is sealed where it looks like it should be.
    kind = (row.kind if row else "") or wanted.kind or (SECRET if suspicious else CONFIG)
    problem = name_fault(wanted.name) or value_fault(wanted.value) or ""
    if row is not None and row.kind == MANAGED:
        problem = f"is managed by {row.addon} and can't be set by hand"
    if problem:
        return Verdict(wanted=wanted, outcome="refused", kind=kind, problem=problem)
    suspicious = suspicious and kind == CONFIG
    if row is None:
        return Verdict(wanted=wanted, outcome="new", kind=kind, suspicious=suspicious)
    if kind == CONFIG and row.value == wanted.value:
        return Verdict(wanted=wanted, outcome="same", kind=kind, before=row.value)
    return Verdict(wanted=wanted, outcome="changed", kind=kind, before=row.value, suspicious=suspicious)

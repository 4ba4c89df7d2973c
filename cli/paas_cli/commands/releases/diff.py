"""`paas releases:diff`: what changed between two releases, name by name, with values of config vars."""

from dataclasses import dataclass, field
from itertools import takewhile
from typing import TYPE_CHECKING

import click

from paas_cli.command import command as declare
from paas_cli.errors import Failure
from paas_cli.releases import actions, difference, listing
from paas_cli.releases.changes import config_value
from paas_cli.releases.shown import SPEC
from paas_cli.releases.shown import hidden as told_hidden
from paas_cli.session import Session
from paas_cli.terminal.output import MASK
from paas_cli.terminal.text import visible
from paas_cli.typed import release_number
from paas_cli.variables import past

if TYPE_CHECKING:
    from paas.releaser.v1.releaser_pb2 import Release


@declare("releases:diff")
@click.argument("old", metavar="vN")
@click.argument("new", required=False, metavar="[vM]")
def command(session: Session, *, old: str, new: str | None) -> None:
    """Show what changed between two releases.

    From vN to vM, or to the newest release: each name that was added, changed or removed, by whom and
    in which release. Values of config vars are shown to who may read them, old -> new; those of secrets,
    what looks like a credential, and what was sealed since are masked. What a failed release took back
    is not listed.

    For example:
      paas releases:diff v12 -a web
      paas releases:diff v12 v15 -a web --json
    """
    releases = session.hint("releases")
    run(
        session,
        release_number.parse(old, listing=releases),
        None if new is None else release_number.parse(new, listing=releases),
    )


def run(session: Session, old: int, new: int | None) -> None:
    """Fetch and print. Raises Failure where there is no such release."""
    first, last = (old, new) if new is None or old <= new else (new, old)
    found = list(takewhile(lambda release: release.number >= first, listing.newest_first(session)))
    newest = found[0].number if found else 0
    last = newest if last is None else last
    for number in (first, last):
        if all(release.number != number for release in found):
            newest_there = f"; the newest is v{newest}" if newest else ""
            raise Failure(
                f"{session.app} has no release v{number}{newest_there}. {session.hint('releases')} lists them."
            )
    steps = [release for release in reversed(found) if first < release.number <= last]
    differences = difference.between(steps)
    if new is not None and new < old:
        differences = difference.reversed_(differences)
    hidden = sum(release.hidden_changes for release in steps)
    new = last if new is None else new
    values = _values(session, differences, {release.number: release for release in found}, (old, new))
    if session.as_json:
        documents = [_document(each, values) for each in differences]
        session.out.json({"app": session.app, "from": old, "to": new, "changes": documents, "hidden_changes": hidden})
        return
    if not differences and not hidden:
        session.out.line("No change")
    for each in differences:
        session.out.line(_line(session, each, values))
    if hidden:
        session.note(f"There are changes of {told_hidden(hidden)} as well.")


@dataclass(frozen=True)
class _Values:
    """Config vars as the two releases have them; None where they are not told."""

    before: dict[str, str] | None = field(repr=False)
    after: dict[str, str] | None = field(repr=False)

    def of(self, each: difference.Difference) -> tuple[str | None, str | None]:
        """The values of a name before and after, as they may be shown; None where there is none, or none is told."""
        is_secret = each.kind == "secret"
        if not each.name or (not is_secret and (self.before is None or self.after is None)):
            return None, None
        sides = (each.action != actions.ADDED, self.before), (each.action != actions.REMOVED, self.after)
        before, after = (_shown(each.name, None if is_secret else side) if there else None for there, side in sides)
        return before, after


def _shown(name: str, values: dict[str, str] | None) -> str:
    # Of what was sealed since, the value is not told.
    return MASK if values is None or name not in values else config_value(name, values[name])


def _values(
    session: Session, differences: list[difference.Difference], found: "dict[int, Release]", ends: tuple[int, int]
) -> _Values:
    if not any(each.kind == "config" for each in differences):
        return _Values(None, None)
    versions = [found[end].config_version if found[end].HasField("config_version") else None for end in ends]
    before, after = (None if version is None else past.config(session, version) for version in versions)
    return _Values(before, after)


def _line(session: Session, each: difference.Difference, values: _Values) -> str:
    word = actions.word(each.action)
    sides = [value for value in values.of(each) if value is not None]
    # Two masks would say no more than one.
    value = f"={' -> '.join(dict.fromkeys(sides) if MASK in sides else sides)}" if sides else ""
    name = visible(each.name) + value + (" (secret)" if each.kind == "secret" else "") if each.name else SPEC
    whose = session.out.styled(f"   (v{each.release}, by {visible(each.actor)})", "dim")
    return f"{session.out.styled(word, actions.STYLES.get(word, 'dim'))} {name}{whose}"


def _document(each: difference.Difference, values: _Values) -> dict[str, object]:
    before, after = values.of(each)
    return {
        "name": each.name or None,
        "kind": each.kind,
        "action": actions.word(each.action),
        "before": before,
        "after": after,
        "release": each.release,
        "actor": each.actor,
    }

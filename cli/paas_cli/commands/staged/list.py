"""`paas staged`: what waits to be released, of config vars, secrets and the app's spec, and who staged it."""

from typing import TYPE_CHECKING

from paas_cli.command import command as declare
from paas_cli.commands.config.list import shown
from paas_cli.commands.staged.draft import Draft, fetch
from paas_cli.releases import actions, app_spec, draft_shown
from paas_cli.releases.shown import SPEC
from paas_cli.session import Session
from paas_cli.terminal import times
from paas_cli.terminal.output import MASK
from paas_cli.terminal.text import visible

if TYPE_CHECKING:
    from paas.config.v1.config_pb2 import AppSpec, StagedSpec, StagedVar
    from paas.secrets.v1.secrets_pb2 import StagedSecret

    Item = StagedVar | StagedSecret | StagedSpec


@declare("staged")
def command(session: Session) -> None:
    """List what is staged, and who staged it.

    Config vars, secrets (masked) and what the app runs, as far as you may see them. A change
    replaces something newer where the live value was changed after it was staged;
    `paas releases:create` asks before it releases that. Elsewhere than on a terminal: time,
    actor, kind, `replaces newer` or a dash, and the change, separated by tabs.

    For example:
      paas staged -a web
      paas staged -a web --json
    """
    run(session)


def run(session: Session) -> None:
    """Fetch and print."""
    draft = fetch(session)
    if session.as_json:
        session.out.json({"app": session.app, "staged": _documents(draft), "not_shown": list(draft.hidden)})
        return
    if draft.is_empty:
        session.note(f"Nothing is staged for {visible(session.app)}.")
        return
    lines: list[tuple[str, Item, str]] = []
    lines += [("config", each, _change(session, each, each.value)) for each in draft.config]
    lines += [("secret", each, _change(session, each, MASK)) for each in draft.secrets]
    if draft.spec is not None:
        lines.append(("spec", draft.spec, _spec(draft.spec.spec, draft.live_spec)))
    if session.out.is_terminal:
        _table(session, lines)
        return
    for kind, item, change in lines:
        newer = "replaces newer" if item.replaces_newer else "-"
        session.out.line("\t".join((*_who(item), kind, newer, change)))


def _table(session: Session, lines: "list[tuple[str, Item, str]]") -> None:
    """As tables are shown, but for the last column, which has colours of its own and goes on in the next line."""
    cells = [(session.when(item.staged_at), visible(item.staged_by)) for _, item, _ in lines]
    heading = ("STAGED", "BY")
    first, second = (max(len(row[column]) for row in [*cells, heading]) for column in (0, 1))
    out = session.out
    out.line(out.styled(f"{heading[0]:<{first}}  {heading[1]:<{second}}  CHANGE", "dim"))
    for (when, who), (_, item, change) in zip(cells, lines, strict=True):
        newer = out.styled("   (replaces newer)", "yellow") if item.replaces_newer else ""
        columns = f"{out.styled(when.ljust(first), 'dim')}  {who.ljust(second)}"
        out.prose(f"{columns}  {change}{newer}", hanging=first + second + 4)


def _who(item: "Item") -> tuple[str, str]:
    return times.to_second(item.staged_at), visible(item.staged_by)


def _change(session: Session, item: "StagedVar | StagedSecret", value: str) -> str:
    text = None if item.action == actions.REMOVED else shown(session.out, value)
    return draft_shown.assignment(session.out, item.name, text)


def _spec(staged: "AppSpec", live: "AppSpec | None") -> str:
    """What the app is to run; of what stays the same, nothing."""
    words = app_spec.words(staged)
    before = app_spec.words(live) if live is not None else {}
    changed = [f"{name} {visible(value) or 'none'}" for name, value in words.items() if value != before.get(name)]
    return f"{SPEC}: {', '.join(changed)}"


def _documents(draft: Draft) -> list[dict[str, object]]:
    found = [{**draft_shown.document(item, item.value), "kind": "config", "spec": None} for item in draft.config]
    found += [{**draft_shown.document(item, MASK), "kind": "secret", "spec": None} for item in draft.secrets]
    if draft.spec is not None:
        spec = {
            "name": None,
            "action": actions.word(actions.CHANGED),
            "value": None,
            "staged_by": draft.spec.staged_by,
            "staged_at": times.or_null(draft.spec.staged_at),
            "replaces_newer": draft.spec.replaces_newer,
        }
        found.append({**spec, "kind": "spec", "spec": app_spec.spec_document(draft.spec.spec)})
    return found

"""`paas config:copy`: variables of one app for another, in one release. Secrets only where that is asked for."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import click

from paas_cli.command import command as declare
from paas_cli.command import dry_run_option, release_options
from paas_cli.errors import Misuse
from paas_cli.groups import uses
from paas_cli.releases import changes, together
from paas_cli.releases.changes import ReleaseOptions, Report
from paas_cli.releases.together import Wanted
from paas_cli.session import Session
from paas_cli.terminal import question
from paas_cli.terminal.text import visible
from paas_cli.typed import assignments
from paas_cli.variables import absent, comparison, copying, sides
from paas_cli.variables.copying import Plan, Selection


@dataclass(frozen=True)
class CopyOptions:
    """From which app to which, what of it, whether it was agreed to, and what becomes of the change."""

    source: str
    target: str
    selection: Selection
    yes: bool
    release: ReleaseOptions


def options(function: Callable[..., None]) -> Callable[..., None]:
    """What says which variables are copied, and how; of `config:copy` and `promote`."""
    declared: list[Callable[[Any], Any]] = [
        click.option("--only", multiple=True, metavar="GLOB", help="Copy names that match, such as 'FEATURE_*'."),
        click.option("--except", "excepted", multiple=True, metavar="GLOB", help="Leave out names that match."),
        click.option("--with-secrets", is_flag=True, help="Copy values of secrets too; the audit log records it."),
        click.option("--yes", is_flag=True, help="Copy without asking."),
        release_options,
        dry_run_option,
    ]
    for each in reversed(declared):
        function = each(function)
    return function


@declare("config:copy", app=False)
@click.argument("names", nargs=-1, metavar="[NAME...]")
@click.option("--from", "source", required=True, metavar="APP", help="The app to copy from.")
@click.option("--to", "target", required=True, metavar="APP", help="The app to copy to.")
@options
def command(session: Session, *, names: tuple[str, ...], source: str, target: str, **given: Any) -> None:
    """Copy config vars from one app to another.

    Shows first what would become of the other app, asks, and makes one release of it. Names that
    the other app alone has stay as they are, and so does what an add-on manages. What the one has
    of groups is not its own and is not copied; either may be a group. Secrets are not copied but
    listed, unless --with-secrets is given: their values are then read from the one app (which needs
    secrets.reveal there, and is recorded in the audit log) and sealed in the other, and are kept
    nowhere in between.

    For example:
      paas config:copy --from staging --to production --dry-run
      paas config:copy LOG_LEVEL API_BASE_URL --from staging --to production
      paas config:copy --from staging --to qa --with-secrets --except 'S3_*'
    """
    run(options_of(source, target, names, given), session)


def options_of(source: str, target: str, names: Sequence[str], given: dict[str, Any]) -> CopyOptions:
    """What was typed, checked. Raises Misuse."""
    assignments.check_names(names)
    if names and given["only"]:
        raise Misuse("Nothing was changed: names and --only both say what is copied; use either.")
    if source == target:
        raise Misuse("Nothing was changed: both are the same app.")
    return CopyOptions(
        source=source,
        target=target,
        selection=Selection(names, given["only"], given["excepted"], with_secrets=given["with_secrets"]),
        yes=given["yes"],
        release=ReleaseOptions(stage=given["stage"], no_wait=given["no_wait"], dry_run=given["dry_run"]),
    )


def run(options: CopyOptions, session: Session) -> None:
    """Look at both, show, ask, copy, report."""
    source, target = session.of_app(options.source), session.of_app(options.target)
    ours, theirs = sides.fetch(source), sides.fetch(target)
    if missing := [name for name in options.selection.names if not ours.kind(name)]:
        failure = absent.of_config(source, missing, ours.names)
        failure.sentence = f"Nothing was changed: {failure.sentence}"
        raise failure
    plan = copying.plan(ours, theirs, options.selection)
    for why in plan.left:
        session.note(f"Not copied: {why}.")
    report = Report(verb="Copied", options=options.release)
    if options.release.dry_run:
        _preview(target, plan, report)
        return
    if not session.as_json:
        comparison.show(session.out, plan.changes)
        if not options.release.stage:
            uses.show(target, [each.name for each in plan.changes])
    if not plan.is_empty:
        what = "Stage" if options.release.stage else "Copy and release"
        question.agree(session, f"{what} this for {visible(options.target)}?", yes=options.yes)
    wanted = Wanted(set_config=plan.config, set_secrets=_revealed(source, plan.secrets), etag=theirs.etag)
    together.save(target, wanted, report)


def _preview(target: Session, plan: Plan, report: Report) -> None:
    if not target.as_json:
        comparison.show(target.out, plan.changes)
        if not report.options.stage:
            uses.show(target, [each.name for each in plan.changes])
        would = "No release" if report.options.stage else "A release"
        target.out.line("No change" if plan.is_empty else f"{would} would follow")
        return
    from paas.config.v1 import config_pb2

    change = config_pb2.Change()
    for each in plan.changes:
        change.changes.add(name=each.name, action=config_pb2.Action.Value(f"ACTION_{each.action.upper()}"))
    kinds = tuple(each.after.kind for each in plan.changes if each.after is not None)
    changes.tell(target, change, Report(verb=report.verb, options=report.options, kinds=kinds))


def _revealed(source: Session, names: Sequence[str]) -> dict[str, str]:
    """Values of secrets, in memory alone; the audit log has one event of them all."""
    if not names:
        return {}
    from paas.secrets.v1 import secrets_pb2

    request = secrets_pb2.RevealSecretsRequest(app=source.app, names=names)
    answer = source.read("/paas.secrets.v1.SecretsService/RevealSecrets", request, secrets_pb2.RevealSecretsResponse)
    return {secret.name: secret.value for secret in answer.secrets}

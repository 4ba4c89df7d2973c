"""`paas secrets:seal`: config vars become secrets, in one release. No value is printed."""

from collections.abc import Sequence

import click

from paas_cli.command import command as declare
from paas_cli.command import dry_run_option, release_options
from paas_cli.commands.config import listing
from paas_cli.errors import Failure
from paas_cli.releases import together
from paas_cli.releases.changes import ReleaseOptions, Report
from paas_cli.releases.together import Wanted
from paas_cli.session import Session
from paas_cli.terminal.text import visible
from paas_cli.typed import assignments
from paas_cli.variables import absent


@declare("secrets:seal")
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@release_options
@dry_run_option
def command(session: Session, *, names: tuple[str, ...], stage: bool, no_wait: bool, dry_run: bool) -> None:
    """Make secrets of config vars.

    The app keeps the same values under the same names: one release has them as secrets, and no
    instance starts without. What was a config var could be read as plain text until now, and its
    earlier versions stay; if somebody should not have seen it, rotate it afterwards. Refused where
    something is staged, which would be released along.

    For example:
      paas secrets:seal STRIPE_API_KEY
      paas secrets:seal SMTP_PASSWORD SESSION_KEY --dry-run
    """
    run(session, names, ReleaseOptions(stage=stage, no_wait=no_wait, dry_run=dry_run))


def run(session: Session, names: Sequence[str], options: ReleaseOptions) -> None:
    """Read the values, move them, report."""
    assignments.check_names(names)
    found = listing.fetch(session)
    values = {var.name: var.value for var in found.vars if var.kind == listing.CONFIG}
    _check(session, names, values, managed=[var.name for var in found.vars if var.kind == listing.MANAGED])
    wanted = Wanted(unset_config=names, set_secrets={name: values[name] for name in names}, etag=found.etag)
    try:
        together.save(session, wanted, Report(verb="Sealed", options=options))
    except Failure as failure:
        if failure.details.get("reason") == "GROUP_NAME_IN_USE":
            failure.sentence += (
                " Sealing takes the config var away before the secret is there, and no app may be without it in "
                "between; one with a value of its own is not. Once it is sealed, unset the app's own, and the app has "
                "the secret of the group."
            )
        raise
    if not session.as_json and not options.dry_run:
        rotated = session.hint(f"secrets:rotate {names[0] if len(names) == 1 else 'NAME'}")
        session.note(
            f"What was a config var could be read until now, and earlier versions keep it; {rotated} ends that."
        )


def _check(session: Session, names: Sequence[str], values: dict[str, str], *, managed: Sequence[str]) -> None:
    if held := [name for name in names if name in managed]:
        raise Failure(
            f"Nothing was changed: {', '.join(map(visible, held))}: managed by an add-on, and sealed already."
        )
    missing = [name for name in names if name not in values]
    if not missing:
        return
    if already := [name for name in missing if name in absent.listed_secrets(session)]:
        raise Failure(f"Nothing was changed: {', '.join(map(visible, already))}: a secret already.")
    failure = absent.of_config(session, missing, values)
    raise Failure(f"Nothing was changed: {failure.sentence}")

"""`paas config:diff`: how the variables of two apps differ."""

import click

from paas_cli import errors
from paas_cli.command import command as declare
from paas_cli.errors import Failure, Misuse
from paas_cli.session import Session
from paas_cli.variables import comparison, sides

# As diff(1): what kept it from comparing is neither `the same` nor `different`.
_DIFFERENT, _TROUBLE = 1, 2


@declare("config:diff")
@click.argument("apps", nargs=-1, required=True, metavar="[APP] OTHER")
def command(session: Session, *, apps: tuple[str, ...]) -> None:
    """Show how the variables of two apps differ.

    From APP, else the one of -a, PAAS_APP or .paas.toml, to OTHER: `+` is in OTHER alone, `-` in
    APP alone, and `~` in both with other values. Values that look like credentials are masked. Of
    secrets names are compared; whether two of the same name have the same value is not told.
    What comes from groups is left out: either may be a group itself.
    Exit codes are those of diff: 0 the same, 1 different, 2 and more where it can't be told.

    For example:
      paas config:diff staging production
      paas config:diff production -a staging --json
    """
    if len(apps) > 2:
        raise Misuse("config:diff takes two apps, or one to compare with the app of -a.")
    if not all(app.strip() for app in apps):
        raise Misuse("config:diff was given an empty name for an app; give one.")
    run(session if len(apps) == 1 else session.of_app(apps[0]), session.of_app(apps[-1]))


def run(one: Session, other: Session) -> None:
    """Fetch both, compare, print; where they differ, end with that exit code. Raises Failure."""
    try:
        before, after = sides.fetch(one), sides.fetch(other)
    except Failure as failure:
        failure.exit_code = _TROUBLE if failure.exit_code == errors.FAILED else failure.exit_code
        raise
    found = comparison.differences(before, after)
    in_both = comparison.secrets_in_both(before, after)
    if one.as_json:
        documents = [comparison.document(each) for each in found]
        one.out.json({"app": before.app, "other": after.app, "differences": documents, "secrets_in_both": in_both})
    else:
        comparison.show(one.out, found)
        if in_both:
            secrets = "1 secret is" if len(in_both) == 1 else f"{len(in_both)} secrets are"
            one.note(f"{secrets} in both; whether values differ is not told.")
    if found:
        click.get_current_context().exit(_DIFFERENT)

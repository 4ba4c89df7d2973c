"""Names of variables, what is staged of them, and how two apps differ. Never a value, of config vars neither."""

from collections.abc import Iterator

from pydantic import Field

from paas_cli.agents.call import Call, Denials
from paas_cli.agents.schema import AppInput, Noted, Output
from paas_cli.agents.tool import Effect, Tool, in_thread
from paas_cli.commands.config import listing
from paas_cli.commands.secrets import list as secrets_command
from paas_cli.commands.staged import list as staged_command
from paas_cli.groups import sealed_names
from paas_cli.session import Session
from paas_cli.terminal import times
from paas_cli.variables import comparison, sides


class Variable(Output):
    """One variable. `kind` is `config`, `secret`, or `managed` by the add-on named.

    `group` is the shared group that it comes from; null for the app's own. The last two are of secrets that have an end
    or an interval of rotations; nothing is taken away then.
    """

    name: str
    kind: str
    addon: str | None = None
    group: str | None = None
    updated_at: str | None
    updated_by: str | None
    expires_at: str | None = Field(default=None, description="Until when somebody promised to replace the value.")
    rotate_at: str | None = Field(default=None, description="When its next rotation is due.")


class Variables(Output):
    """What is live of one app."""

    app: str
    variables: list[Variable]
    not_shown: list[str] = Field(description="Kinds that this sign-in may not list.")
    groups_not_shown: list[str] = Field(description="Groups that are attached and that this sign-in may not see.")


class Staged(Output):
    """One change that waits. `name` is null for what the app runs."""

    name: str | None
    kind: str
    action: str
    staged_by: str
    staged_at: str | None
    replaces_newer: bool = Field(description="Whether the live value was changed after this was staged.")


class Draft(Noted):
    """What is staged of one app."""

    app: str
    staged: list[Staged]
    not_shown: list[str]


class OtherApp(AppInput):
    """Two apps."""

    other: str = Field(min_length=1, max_length=64, description="The app that `app` is compared with.")


class Difference(Output):
    """One name that differs, and its kind on either side; null where it is not there."""

    name: str
    action: str = Field(description="From `app` to `other`: added, changed or removed.")
    kind: str | None
    other_kind: str | None


class Comparison(Noted):
    """How two apps differ by name."""

    app: str
    other: str
    differences: list[Difference]
    secrets_in_both: list[str] = Field(description="Whether their values differ is not told.")


def list_variables(call: Call, _: AppInput) -> Variables:
    """The names, as far as the caller may see them."""
    denials, session = Denials(), call.session
    config = denials.ask("config", lambda: listing.fetch(session))
    secrets = denials.ask("secret", lambda: secrets_command.fetch(session))
    denials.raise_if_all(2)
    found = [
        Variable(
            name=var.name,
            kind=sides.MANAGED if var.kind == listing.MANAGED else sides.CONFIG,
            addon=var.addon or None,
            updated_at=times.or_null(var.updated_at),
            updated_by=var.updated_by or None,
        )
        for var in (config.vars if config is not None else ())
    ]
    found += [
        Variable(
            name=secret.name,
            kind=sides.SECRET,
            updated_at=times.or_null(secret.updated_at),
            updated_by=secret.updated_by or None,
            expires_at=times.or_null(secret.expires_at),
            rotate_at=times.or_null(secret.rotate_at),
        )
        for secret in (secrets.secrets if secrets is not None else ())
    ]
    if config is not None:
        found += _of_groups(session, config)
    hidden = config.hidden_groups if config is not None else []
    return Variables(app=session.app, variables=found, not_shown=denials.kinds, groups_not_shown=hidden)


def _of_groups(session: Session, config: listing.Listing) -> Iterator[Variable]:
    """What the app gets of shared groups, but for names that it has itself."""
    for var, group in config.from_groups():
        yield Variable(
            name=var.name,
            kind=sides.CONFIG,
            group=group,
            updated_at=times.or_null(var.updated_at),
            updated_by=var.updated_by or None,
        )
    names = sealed_names.or_none(session, config) if config.groups else None
    for name, group in (names or {}).items():
        yield Variable(name=name, kind=sides.SECRET, group=group, updated_at=None, updated_by=None)


def list_staged(call: Call, _: AppInput) -> Draft:
    """The draft."""
    return Draft.model_validate({**call.document(staged_command.run), "notes": call.notes})


def compare_apps(call: Call, given: OtherApp) -> Comparison:
    """What differs between two apps."""
    before, after = sides.fetch(call.session), sides.fetch(call.about(given.other))
    found = [
        Difference(
            name=each.name,
            action=each.action,
            kind=each.before.kind if each.before else None,
            other_kind=each.after.kind if each.after else None,
        )
        for each in comparison.differences(before, after)
    ]
    in_both = comparison.secrets_in_both(before, after)
    return Comparison(app=before.app, other=after.app, differences=found, secrets_in_both=in_both, notes=call.notes)


TOOLS = (
    Tool(
        name="list_variables",
        title="List names of variables",
        description=(
            "Names of an app's config vars, secrets and add-on variables, with who changed each and when, and the end "
            "of a secret that has one; and of what it gets of shared groups. No values: a program that needs them gets "
            "them as the app runs. To change one, `stage`; one of a group with the group's name as `app`, which "
            "changes it for every app that has it."
        ),
        effect=Effect.READ,
        takes=AppInput,
        gives=Variables,
        perform=in_thread(list_variables),
    ),
    Tool(
        name="list_staged",
        title="List what is staged",
        description=(
            "Changes that wait to be released, by name, with who staged them: the draft is shared by all who work on "
            "the app. `discard_staged` takes some out again."
        ),
        effect=Effect.READ,
        takes=AppInput,
        gives=Draft,
        perform=in_thread(list_staged),
    ),
    Tool(
        name="compare_apps",
        title="Compare the variables of two apps",
        description="Which variables one app has and another has not, or has otherwise: names and kinds, no values.",
        effect=Effect.READ,
        takes=OtherApp,
        gives=Comparison,
        perform=in_thread(compare_apps),
    ),
)

"""Changes: into the draft, out of it, and, where the host allows it, live."""

from pydantic import Field

from paas_cli.agents import references
from paas_cli.agents.call import Call
from paas_cli.agents.host import Host
from paas_cli.agents.references import Reference
from paas_cli.agents.schema import AppInput, Names, Noted, Output, VariableName
from paas_cli.agents.tool import Effect, Tool, in_thread
from paas_cli.agents.tools.releases import Change, Summary
from paas_cli.commands.releases import create as create_command
from paas_cli.commands.releases.create import CreateOptions
from paas_cli.commands.staged import discard as discard_command
from paas_cli.commands.staged import draft as draft_command
from paas_cli.errors import Failure
from paas_cli.releases import together
from paas_cli.releases.changes import ReleaseOptions, Report
from paas_cli.releases.together import Wanted
from paas_cli.terminal.text import visible
from paas_cli.typed import assignments, credentials
from paas_cli.typed.names import MAX_NAMES

_NOT_ALLOWED = (
    "Nothing was released: whoever started this did not allow it. `paas releases:create` releases what is staged; "
    "`paas mcp --allow-release` lets an agent do it."
)


class StageInput(AppInput):
    """What is to be staged, all or nothing of each kind."""

    set_config: dict[VariableName, str] = Field(
        default={}, max_length=MAX_NAMES, description="Config vars by name: plain text, no credentials."
    )
    unset_config: Names = Field(default=[])
    set_secrets: dict[VariableName, Reference] = Field(
        default={},
        max_length=MAX_NAMES,
        description="Secrets by name, each by a reference to its value; never the value.",
    )
    unset_secrets: Names = Field(default=[])


class Named(Output):
    """One change of the draft. `name` is null for what the app runs."""

    name: str | None
    kind: str
    action: str


class Staged(Noted):
    """What this call put into the draft; nothing where all of it was so already."""

    app: str
    changes: list[Named]


class DiscardInput(AppInput):
    """What is to be dropped."""

    names: Names = Field(default=[], description="Of config vars and secrets alike.")
    everything: bool = Field(default=False, description="All that is staged, whoever staged it.")


class Discarded(Noted):
    """What is staged no more."""

    app: str
    discarded: list[Named]


class ReleaseInput(AppInput):
    """What is expected to be released."""

    names: Names = Field(min_length=1, description="Every name that is staged, as `list_staged` has them now.")


class Released(Noted):
    """The release that was ordered."""

    app: str
    release: Summary
    changes: list[Change]
    hidden_changes: int


def stage(call: Call, given: StageInput) -> Staged:
    """Put changes into the draft. Raises Failure, with nothing staged where anything given is refused."""
    session = call.session
    if not (given.set_config or given.unset_config or given.set_secrets or given.unset_secrets):
        raise Failure(
            "Nothing was changed: nothing is to be staged; give set_config, unset_config, set_secrets or unset_secrets."
        )
    assignments.check_names([*given.unset_config, *given.unset_secrets])
    assignments.check(given.set_config)
    if suspects := [name for name, value in given.set_config.items() if credentials.looks_like_one(name, value)]:
        raise Failure(
            f"Nothing was changed: {', '.join(map(visible, suspects))}: this looks like a credential, and config vars "
            "are plain text. Give it in set_secrets by a reference, or leave it to a person: `paas secrets:set NAME "
            "--stage`."
        )
    session.check_sign_in()
    values = {
        name: references.value(name, each, session, call.host.allowed) for name, each in given.set_secrets.items()
    }
    assignments.check(values)
    wanted = Wanted(
        set_config=given.set_config,
        unset_config=given.unset_config,
        set_secrets=values,
        unset_secrets=given.unset_secrets,
    )
    report = Report(verb="Staged", options=ReleaseOptions(stage=True))
    return Staged.model_validate(
        {**call.document(lambda session: together.save(session, wanted, report)), "notes": call.notes}
    )


def discard_staged(call: Call, given: DiscardInput) -> Discarded:
    """Take changes out of the draft. Raises Failure."""
    if bool(given.names) == given.everything:
        raise Failure("Nothing was changed: give the names to discard, or everything: true for all that is staged.")
    found = call.document(lambda session: discard_command.run(session, given.names))
    return Discarded.model_validate({**found, "notes": call.notes})


def release(call: Call, given: ReleaseInput) -> Released:
    """Order a release of the draft, if it is as the agent says. Raises Failure."""
    draft = draft_command.fetch(call.session)
    staged = {each.name for each in draft.config} | {each.name for each in draft.secrets}
    if draft.hidden or draft.spec is not None or staged != set(given.names):
        more = " and what the app runs" if draft.spec is not None else ""
        unseen = ", and not all of it can be seen" if draft.hidden else ""
        raise Failure(
            f"Nothing was released: staged is {assignments.listed(sorted(staged)) or 'nothing'}{more}, which is not "
            f"what names says{unseen}. Look with `list_staged`; what others staged, and what the app runs, is theirs "
            "to release."
        )
    options = CreateOptions(yes=False, no_wait=True, dry_run=False)
    found = call.document(lambda session: create_command.run(options, session))
    return Released.model_validate({**found, "notes": call.notes})


def tools(host: Host) -> list[Tool]:
    """The three, described for what this host named."""
    then = "`release`" if host.allowed.release else "a person, with `paas releases:create`,"
    return [
        Tool(
            name="stage",
            title="Stage changes of variables",
            description=(
                "Puts config vars and secrets into the app's draft; nothing that runs changes until it is released, "
                f"by {then} and `list_staged` shows it. A secret's value is never given: refer to a variable or a file "
                f"that the person named, or have random bytes made. {references.words(host.allowed)} For any other "
                "value, ask the person to type `paas secrets:set NAME --stage`."
            ),
            effect=Effect.STAGE,
            takes=StageInput,
            gives=Staged,
            perform=in_thread(stage),
        ),
        Tool(
            name="discard_staged",
            title="Discard staged changes",
            description=(
                "Takes changes out of the app's draft for good; what runs stays. The draft is shared: look with "
                "`list_staged` who staged what, and name what is yours."
            ),
            effect=Effect.DISCARD,
            takes=DiscardInput,
            gives=Discarded,
            perform=in_thread(discard_staged),
        ),
        Tool(
            name="release",
            title="Release what is staged",
            description=(
                "Makes the whole draft live, as one release that replaces the app's instances. Name all that is "
                "staged: where more is, it is refused. Then `watch_release`."
            ),
            effect=Effect.RELEASE,
            takes=ReleaseInput,
            gives=Released,
            perform=in_thread(release),
            missing=lambda host: "" if host.allowed.release else _NOT_ALLOWED,
        ),
    ]

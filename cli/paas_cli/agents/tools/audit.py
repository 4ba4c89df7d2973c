"""Who did what, from the audit log."""

from typing import Literal

from pydantic import Field

from paas_cli.agents.call import Call
from paas_cli.agents.schema import Input, Noted, Output
from paas_cli.agents.tool import Effect, Tool, in_thread
from paas_cli.commands.audit import filters
from paas_cli.commands.audit import list as audit_command
from paas_cli.commands.audit.list import AuditOptions


class AuditInput(Input):
    """Which events; all of what is given has to hold."""

    app: str = Field(default="", max_length=64, description="Only of this app; without it of all.")
    name: str = Field(default="", max_length=128, description="Only about this variable, secret, token or release.")
    actor: str = Field(default="", max_length=200, description="Only by this person, pat:NAME or service:NAME.")
    action: str = Field(default="", max_length=64, description="Only this action, such as secrets.get.")
    outcome: Literal["ok", "denied", "failed"] | None = None
    people: bool = Field(default=False, description="Without what services did by themselves.")
    since: str | None = Field(default=None, max_length=40, description="24h, 7d, 2026-11-01 or 2026-11-01T13:42Z.")
    until: str | None = Field(default=None, max_length=40, description="As `since`.")
    before: int | None = Field(default=None, ge=1, le=2**62, description="Only older ones than this sequence.")
    limit: int = Field(default=50, ge=1, le=200)


class Event(Output):
    """One thing that was done, or was refused."""

    sequence: int
    occurred_at: str | None
    action: str
    actor: str
    on_behalf_of: str | None
    app: str | None
    targets: list[str]
    outcome: str
    reason: str | None = Field(description="What the person gave as their reason.")
    repeats: int


class Events(Noted):
    """Events, newest first."""

    events: list[Event]


def list_audit_events(call: Call, given: AuditInput) -> Events:
    """The newest that are meant."""
    wanted = given.model_dump(exclude={"before", "limit"})
    chosen = filters.chosen(wanted, now=call.host.surroundings.now())
    options = AuditOptions(chosen, given.limit, given.before or 0, follow=False)
    found = call.document(lambda session: audit_command.run(options, session))
    return Events.model_validate({**found, "notes": call.notes})


TOOLS = (
    Tool(
        name="list_audit_events",
        title="List audit events",
        description=(
            "Who did what to apps, variables, secrets, tokens and releases, newest first. For older ones, give "
            "`before` the last sequence. What you do here is in it, as done by the person who is signed in."
        ),
        effect=Effect.READ,
        takes=AuditInput,
        gives=Events,
        perform=in_thread(list_audit_events),
    ),
)

"""Which apps there are, and how one runs. What an app's command line holds is left out: people put anything there."""

from typing import Any

from pydantic import Field

from paas_cli.agents.call import Call
from paas_cli.agents.schema import AppInput, Input, Noted, Output
from paas_cli.agents.tool import Effect, Tool, in_thread
from paas_cli.commands.apps import info as info_command
from paas_cli.commands.apps import list as list_command
from paas_cli.commands.groups import list as groups_command


class App(Output):
    """An app as it is registered."""

    name: str
    instances: int
    image: str | None
    health_path: str | None
    created_at: str | None


class Apps(Output):
    """All of them."""

    apps: list[App]
    groups: list[str] = Field(description="Shared groups of variables; where variables are meant, one can be `app`.")
    chosen: str | None = Field(description="The app of calls that name none.")


class Instance(Output):
    """One running copy."""

    index: int
    state: str
    release: int | None
    started_at: str | None


class Drift(Output):
    """What somebody changed in the cluster past the platform."""

    manager: str
    names: list[str]
    hidden_names: int
    seen_at: str | None


class Running(Noted):
    """An app and its instances; None where they could not be asked for."""

    app: App
    instances: list[Instance] | None
    drift: Drift | None


def list_apps(call: Call, _: Input) -> Apps:
    """The apps the caller may see."""
    found = call.document(list_command.run)
    groups = [group.name for group in groups_command.fetch(call.session)]
    apps = [App.model_validate(each) for each in found["apps"]]
    return Apps(apps=apps, groups=groups, chosen=call.host.default_app)


def show_app(call: Call, _: AppInput) -> Running:
    """One app."""
    found: dict[str, Any] = call.document(info_command.run)
    return Running.model_validate({**found, "notes": call.notes})


TOOLS = (
    Tool(
        name="list_apps",
        title="List apps",
        description=(
            "The apps and groups you may see, and the app that other tools are about where you name none. Start here."
        ),
        effect=Effect.READ,
        takes=Input,
        gives=Apps,
        perform=in_thread(list_apps),
    ),
    Tool(
        name="show_app",
        title="Show an app and its instances",
        description=(
            "How many instances an app has, the state and release of each, and names that somebody changed in the "
            "cluster by hand. Where one is not ready, `read_logs` and `list_releases` are next."
        ),
        effect=Effect.READ,
        takes=AppInput,
        gives=Running,
        perform=in_thread(show_app),
    ),
)

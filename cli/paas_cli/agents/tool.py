"""A tool: what an agent is told of it, and what it does."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from anyio import to_thread
from mcp import types

from paas_cli.agents.call import Call
from paas_cli.agents.host import Host
from paas_cli.agents.schema import Input, Output, schema_of


class Effect(Enum):
    """What a call does: nothing, put into the draft, take out of it, change what runs, or whatever a program does."""

    READ = "read"
    STAGE = "stage"
    DISCARD = "discard"
    RELEASE = "release"
    RUN = "run"


@dataclass(frozen=True, kw_only=True)
class Tool:
    """One tool. `missing` says what lets an agent have it where the host does not; empty where it is there."""

    name: str
    title: str
    description: str
    effect: Effect
    takes: type[Input]
    gives: type[Output]
    perform: Callable[[Call, Any], Awaitable[Output]]
    missing: Callable[[Host], str] = lambda _: ""

    def described(self) -> types.Tool:
        """The tool as the protocol lists it."""
        return types.Tool(
            name=self.name,
            title=self.title,
            description=self.description,
            input_schema=schema_of(self.takes),
            output_schema=schema_of(self.gives),
            annotations=types.ToolAnnotations(
                title=self.title,
                read_only_hint=self.effect is Effect.READ,
                destructive_hint=self.effect in {Effect.DISCARD, Effect.RELEASE, Effect.RUN},
                idempotent_hint=self.effect in {Effect.READ, Effect.STAGE, Effect.DISCARD},
                open_world_hint=self.effect is Effect.RUN,
            ),
        )


def in_thread(function: Callable[[Call, Any], Output]) -> Callable[[Call, Any], Awaitable[Output]]:
    """`function`, which waits for the gateway, beside the loop. One that nobody waits for any more is left to end."""

    async def perform(call: Call, given: Any) -> Output:
        return await to_thread.run_sync(function, call, given, abandon_on_cancel=True)

    return perform

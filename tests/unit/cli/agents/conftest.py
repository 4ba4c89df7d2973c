"""An agent of a signed-in person: the library's own client, the server in this process, the platform behind a fake."""

import io
import itertools
import os
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from mcp.client.client import Client
from mcp.shared.exceptions import MCPError
from mcp.types import Tool

from paas_cli.agents import host, server
from paas_cli.choice import Flags
from paas_cli.session import Session, Surroundings
from tests.fakes.gateway import TOKEN
from tests.fakes.platform import Platform


@dataclass(frozen=True)
class Agent:
    """What an agent does. Everything it was told is kept in `heard`."""

    client: Client
    tools: dict[str, Tool]
    heard: list[str]

    async def __call__(self, tool: str, **arguments: Any) -> Any:
        """Call a tool that has to succeed; its structured answer."""
        answer = await self.client.call_tool(tool, arguments)
        self.heard.append(answer.model_dump_json())
        assert not answer.is_error, answer.content
        return answer.structured_content

    async def refused(self, tool: str, **arguments: Any) -> str:
        """Call a tool that has to fail; the sentence it does with."""
        answer = await self.client.call_tool(tool, arguments)
        self.heard.append(answer.model_dump_json())
        assert answer.is_error
        (content,) = answer.content
        assert content.type == "text"
        assert answer.structured_content is None
        return content.text

    async def unknown(self, tool: str) -> str:
        """Call a tool that there is not; the protocol's error."""
        with pytest.raises(MCPError) as caught:
            await self.client.call_tool(tool, {})
        return caught.value.message


Agents = Callable[..., AbstractAsyncContextManager[Agent]]


@pytest.fixture
def agent(platform: Platform, home: Path, tmp_path: Path) -> Agents:
    """Agents, each of a person who allowed it what is given."""
    clock = itertools.count(1_800_000_000)

    @asynccontextmanager
    async def connected(*, environ: dict[str, str] | None = None, **allowed: Any) -> AsyncIterator[Agent]:
        signed_in = {"PAAS_GATEWAY": platform.gateway.address, "PAAS_TOKEN": TOKEN, "PAAS_APP": "web"}
        around = Surroundings(
            environ={"HOME": str(home), "PATH": os.environ["PATH"], **(signed_in if environ is None else environ)},
            folder=str(tmp_path / "work"),
            stdin=io.StringIO(),
            stdout=io.StringIO(),
            stderr=io.StringIO(),
            done=lambda: None,
            new_id=(f"{number:032x}" for number in itertools.count(1)).__next__,
            sleep=lambda _: None,
            now=lambda: float(next(clock)),  # each look at the clock is a second later
        )
        given: dict[str, Any] = {"run": False, "release": False, "secret_env": [], "secret_files": []} | allowed
        serving = server.build(host.of_session(Session(around, Flags()), **given))
        async with Client(serving) as client:
            listed = (await client.list_tools()).tools
            yield Agent(client, {tool.name: tool for tool in listed}, [])

    return connected

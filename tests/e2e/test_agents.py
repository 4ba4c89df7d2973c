"""A coding agent at a whole installation, over real pipes: it stages, a person releases, and a secret is used unseen.

All that went over the pipes and to standard error is searched for the secret in every usual encoding, and a control in
each is found. Leaves out each tool by itself (tests/unit/cli/agents).
"""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.e2e.detectors import controls, forms, search
from tests.e2e.installation import PAAS, Installation, Paas, events, eventually, settled

ENCODED = 'import base64, os, urllib.parse as u; v = os.environ["S"]; b = v.encode()'
PRINTED = f"{ENCODED}; print(v, b.hex(), base64.b64encode(b).decode(), u.quote(v), {{'S': v}}, sep=chr(10))"


@dataclass
class Server:
    """`paas mcp` as a process, spoken with by hand so that every byte is kept."""

    process: asyncio.subprocess.Process
    transcript: bytearray = field(default_factory=bytearray, repr=False)
    number: int = 0

    async def ask(self, method: str, **params: Any) -> Any:
        """A request and its result."""
        self.number += 1
        await self.tell({"id": self.number, "method": method, "params": params})
        assert self.process.stdout is not None
        while True:
            line = await self.process.stdout.readline()
            assert line, "the server has ended"
            self.transcript += line
            message = json.loads(line)
            if message.get("id") == self.number:
                return message["result"]

    async def tell(self, message: dict[str, Any]) -> None:
        """A message without an answer."""
        assert self.process.stdin is not None
        line = json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n"
        self.transcript += line
        self.process.stdin.write(line)
        await self.process.stdin.drain()

    async def call(self, tool: str, **arguments: Any) -> Any:
        """Call a tool that has to succeed."""
        result = await self.ask("tools/call", name=tool, arguments=arguments)
        assert not result.get("isError"), result["content"]
        return result["structuredContent"]

    async def end(self) -> int:
        """Hang up, as a client does; the exit code."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        _, err = await self.process.communicate()
        self.transcript += err
        return self.process.returncode or 0


async def started(paas: Paas, *options: str, env: dict[str, str]) -> Server:
    process = await asyncio.create_subprocess_exec(
        PAAS,
        "mcp",
        *options,
        env={**paas.environment, **env},
        cwd=paas.folder,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    server = Server(process)
    hello = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}
    greeting = await server.ask("initialize", **hello)
    assert greeting["serverInfo"]["name"] == "paas"
    await server.tell({"method": "notifications/initialized"})
    return server


@pytest.fixture
def needles(installation: Installation) -> dict[str, list[bytes]]:
    return forms(installation.canaries.secret_mark)


async def test_an_agent_stages_and_uses_a_secret_and_never_has_it(
    installation: Installation, idle: Paas, needles: dict[str, list[bytes]]
) -> None:
    secret, app = installation.canaries.secret(), idle.environment["PAAS_APP"]
    agent = await started(idle, "--allow-run", "--allow-release", "--secret-env", "MINE", env={"MINE": secret})
    tools = {tool["name"] for tool in (await agent.ask("tools/list"))["tools"]}
    assert {"stage", "run", "release"} <= tools
    staged = await agent.call("stage", set_config={"LOG_LEVEL": "debug"}, set_secrets={"S": {"env": "MINE"}})
    assert {each["name"] for each in staged["changes"]} == {"LOG_LEVEL", "S"}
    refused = await agent.ask("tools/call", name="get_secret", arguments={"name": "S"})
    assert refused["isError"]
    released = await agent.call("release", names=["LOG_LEVEL", "S"])
    ended = await agent.call("watch_release", number=released["release"]["number"])
    assert (ended["release"]["state"], ended["ended"]) == ("succeeded", True)
    used = await agent.call("run", command=["python3", "-c", PRINTED])
    assert used["exit_code"] == 0, used["stderr"]
    assert used["stdout"].count("•" * 16) >= 5
    await agent.call("run", command=["sh", "-c", "env; env >&2; echo $MINE"])
    await agent.call("list_variables")
    await agent.tell({"method": "no such thing", "params": 3, "id": "x"})
    assert await agent.end() == 0
    heard = bytes(agent.transcript)
    assert search(heard, needles) == []
    for name, control in controls(secret).items():
        assert name in search(heard + control, needles)
    assert {each["name"] for each in idle.ok("secrets", "--json").document["secrets"]} == {"S"}
    assert settled(idle)
    eventually(lambda: len(events(idle, app=app, action="secrets.run")) == 2)
    recorded = events(idle, app=app, action="secrets.run")
    assert [(each["actor"], each["targets"]) for each in recorded] == [("user:ada@example.com", ["S"])] * 2

"""The server: lists tools, checks arguments, performs calls, and lets nothing out that is not to go.

Every failure of a tool is one sentence in its result, for the agent to act on; only a tool that there is not is an
error of the protocol. Logs of the library are off: they would quote what it could not read.
"""

import logging
import re
from collections.abc import Mapping
from typing import Any

import anyio
from mcp import types
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from mcp.shared.exceptions import MCPError
from pydantic import ValidationError

from paas_cli import __version__
from paas_cli.agents import catalogue
from paas_cli.agents.call import Call
from paas_cli.agents.harmless import harmless
from paas_cli.agents.host import Host
from paas_cli.agents.schema import faults
from paas_cli.agents.tool import Tool
from paas_cli.errors import Failure
from paas_cli.terminal.text import visible
from paas_cli.typed.credentials import may_be_a_value

# What agents that look for a value are likely to call.
_OF_VALUES = re.compile(
    r"(get|read|reveal|show|export|fetch|rotate)\w*(config|env|secret|value|var)|(config|secret)s?_(get|export)",
    re.IGNORECASE,
)
_NO_VALUES = (
    "No tool gives the value of a variable. A program that needs it gets it with `run`, where its output is masked; a "
    "person who needs to see it reveals it themselves, with `paas secrets:get NAME` or `paas config:get NAME`."
)


def build(host: Host) -> Server[Any]:
    """A server for what its host allows."""
    known = {tool.name: tool for tool in catalogue.tools(host)}
    offered = [tool.described() for tool in known.values() if not tool.missing(host)]

    async def on_list_tools(_context: Any, _params: types.PaginatedRequestParams | None) -> types.ListToolsResult:
        return types.ListToolsResult(tools=offered)

    async def on_call_tool(_context: Any, params: types.CallToolRequestParams) -> types.CallToolResult:
        name = params.name.replace(":", "_").replace("-", "_")
        tool = known.get(name)
        if tool is None:
            if _OF_VALUES.search(name):
                return _failed(_NO_VALUES)
            raise MCPError(types.INVALID_PARAMS, _unknown(params.name, [each.name for each in offered]))
        if missing := tool.missing(host):
            return _failed(missing)
        return await _performed(host, tool, params.arguments or {})

    return Server(
        "paas",
        title="PaaS",
        version=__version__,
        instructions=catalogue.instructions(host),
        on_list_tools=on_list_tools,
        on_call_tool=on_call_tool,
    )


def serve(host: Host) -> None:
    """Serve on standard input and output until that ends."""
    logging.disable(logging.CRITICAL)
    server = build(host)

    async def serving() -> None:
        async with stdio_server() as (requests, answers):
            await server.run(requests, answers, server.create_initialization_options())

    anyio.run(serving)


async def _performed(host: Host, tool: Tool, arguments: Mapping[str, Any]) -> types.CallToolResult:
    try:
        given = tool.takes.model_validate(arguments)
    except ValidationError as error:
        return _failed(f"{tool.name} was not called: {faults(error, tool.takes)}")
    try:
        output = await tool.perform(Call(host, getattr(given, "app", None)), given)
    except Failure as failure:
        return _failed(failure.sentence)
    except Exception as error:  # its text could quote a value
        return _failed(f"{tool.name} failed through a fault of its own ({type(error).__name__}).")
    given_out = harmless(output.model_dump(mode="json"))
    text = tool.gives.model_validate(given_out).model_dump_json(exclude_none=True)
    return types.CallToolResult(content=[types.TextContent(type="text", text=text)], structured_content=given_out)


def _failed(sentence: str) -> types.CallToolResult:
    return types.CallToolResult(content=[types.TextContent(type="text", text=harmless(sentence))], is_error=True)


def _unknown(name: str, offered: list[str]) -> str:
    shown = "That" if len(name) > 40 or may_be_a_value(name) else visible(name)
    return f"{shown} is no tool here. These are: {', '.join(offered)}."

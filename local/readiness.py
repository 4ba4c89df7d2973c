"""Whether a part does its work yet, asked of the part itself and not guessed from its process."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from local.certificates import dns_san
from local.ports import DASHBOARD, GATEWAY, HOST, metrics_of, port_of, service_of

# Seconds between two questions to a part that isn't ready.
POLL_INTERVAL = 0.05
# Seconds that one question may take.
QUESTION_TIMEOUT = 2.0

Question = Callable[[], Awaitable[bool]]


async def until_ready(questions: dict[str, Question], *, patience: float, check: Callable[[], None]) -> list[str]:
    """Asks all parts at once until each has said yes; returns those that hadn't after `patience` seconds.

    `check` is called now and then and may raise to give up early.
    """
    waiting = {asyncio.create_task(_until(question), name=name) for name, question in questions.items()}
    deadline = asyncio.get_running_loop().time() + patience
    try:
        while waiting and asyncio.get_running_loop().time() < deadline:
            done, waiting = await asyncio.wait(waiting, timeout=POLL_INTERVAL, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
            check()
        return sorted(task.get_name() for task in waiting)
    finally:
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)


def process_question(process: str, *, base_port: int, tls: Path, worker: int = 1) -> Question:
    """Asks one process's health service whether it is ready, over mTLS with the operator's certificate."""
    port = port_of(process, base_port=base_port, worker=worker)

    async def ask() -> bool:
        # Not until something listens: a refused gRPC connection waits before it tries again.
        if not await _listens(port):
            return False
        return await _serving(f"{HOST}:{port}", service=service_of(process), tls=tls)

    return ask


def gateway_question(*, base_port: int) -> Question:
    """Asks the gateway for something that needs a sign-in: a refusal proves that it reaches tokens."""
    port = port_of(GATEWAY, base_port=base_port)
    return partial(_says, port, _WHO_AM_I, lambda head: b"grpc-status: 16" in head.lower())


def dashboard_question(*, base_port: int) -> Question:
    """Asks the dashboard's page for probes, in plain HTTP."""
    port = port_of(metrics_of(DASHBOARD), base_port=base_port)
    return partial(_says, port, b"GET /ready HTTP/1.1\r\nhost: dashboard\r\n\r\n", lambda head: b" 200 " in head)


def all_questions(parts: Mapping[str, tuple[str, int]], *, base_port: int, tls: Path) -> dict[str, Question]:
    """The questions to parts that are a process of a service each, its number with it, to the dashboard and to the
    gateway, by name.
    """
    questions = {
        name: process_question(process, base_port=base_port, tls=tls, worker=worker)
        for name, (process, worker) in parts.items()
    }
    return questions | {
        DASHBOARD: dashboard_question(base_port=base_port),
        GATEWAY: gateway_question(base_port=base_port),
    }


_WHO_AM_I = (
    b"POST /paas.tokens.v1.TokensService/WhoAmI HTTP/1.1\r\nhost: gateway\r\nx-grpc-web: 1\r\n"
    b"content-type: application/grpc-web+proto\r\ncontent-length: 5\r\nconnection: close\r\n\r\n\0\0\0\0\0"
)


async def _says(port: int, question: bytes, is_yes: Callable[[bytes], bool]) -> bool:
    """Whether what listens on a port answers a request over HTTP/1.1 with what means yes."""
    try:
        reader, writer = await asyncio.open_connection(HOST, port)
    except OSError:
        return False
    try:
        writer.write(question)
        await writer.drain()
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), QUESTION_TIMEOUT)
    except (OSError, asyncio.IncompleteReadError, TimeoutError):
        return False
    finally:
        writer.close()
    return is_yes(head)


async def _until(question: Question) -> None:
    while not await question():
        await asyncio.sleep(POLL_INTERVAL)


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection(HOST, port)
    except OSError:
        return False
    writer.close()
    return True


async def _serving(address: str, *, service: str, tls: Path) -> bool:
    import grpc
    from grpc_health.v1 import health_pb2, health_pb2_grpc

    from local.operator_channel import open_channel

    async with open_channel(address, service=dns_san(service), tls=tls, identity="operator") as channel:
        stub: Any = health_pb2_grpc.HealthStub(channel)
        try:
            answer = await stub.Check(health_pb2.HealthCheckRequest(service="readiness"), timeout=QUESTION_TIMEOUT)
        except grpc.aio.AioRpcError:
            return False
    return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)

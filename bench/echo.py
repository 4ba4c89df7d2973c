"""A bare grpc.aio echo with mTLS, in a process of its own: what the framework costs before we do anything.

Bare means as grpcio's own documentation shows it: no interceptor, no option, asyncio's own loop.

`python -m bench.echo ADDRESS TLS_FOLDER RESPONSE_BYTES` serves until it is ended.
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import grpc

METHOD = "/bench.Echo/Echo"


async def serve(address: str, tls: Path, response: bytes) -> None:
    """Answer every request with `response`, under the certificate of config."""

    async def echo(_: bytes, __: object) -> bytes:
        return response

    handler = grpc.method_handlers_generic_handler("bench.Echo", {"Echo": grpc.unary_unary_rpc_method_handler(echo)})
    server = grpc.aio.server()
    server.add_generic_rpc_handlers((handler,))
    key, certificate = (tls / "config.key").read_bytes(), (tls / "config.pem").read_bytes()
    credentials = grpc.ssl_server_credentials(
        [(key, certificate)], root_certificates=(tls / "ca.pem").read_bytes(), require_client_auth=True
    )
    server.add_secure_port(address, credentials)
    await server.start()
    print("ready", flush=True)
    await server.wait_for_termination()


@asynccontextmanager
async def running_echo(address: str, tls: Path, response_bytes: int) -> AsyncIterator[None]:
    """An echo server in a process of its own, for the length of the block."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.echo", address, str(tls), str(response_bytes), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    await process.stdout.readline()
    try:
        yield
    finally:
        process.terminate()
        await process.wait()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], Path(sys.argv[2]), b"x" * int(sys.argv[3])))

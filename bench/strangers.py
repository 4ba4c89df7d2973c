"""`python -m bench.strangers [--write]`: how long it takes to be told of another tenant's thing that there is none.

Beside the same call for what nobody has, one right after the other, for every method of users that finds something by
its name. If the one took longer than the other, time would tell what the answer does not. With --write the figures go
into their section of bench/RESULTS.md.
"""

import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import grpc
import uvloop
from paas.config.v1 import config_pb2
from paas.secrets.v1 import secrets_pb2, secrets_pb2_grpc
from paas.tokens.v1 import tokens_pb2, tokens_pb2_grpc

from bench.__main__ import HEAD, RESULTS
from bench.load import Ratio
from bench.platform import Bench, running_stack, sign_in
from bench.sections import with_section
from local.ports import free_base_port
from paaskit.clock import random_id
from tests.access import table
from tests.access.finders import NOBODYS, THEIRS, finders, request_for
from tests.access.methods import Method

_PAIRS: Final = 100
_WARM: Final = 5
_LONGEST_SECONDS: Final = 20.0
"""Revoking is answered after a second and more, whatever came of it: of that there are fewer pairs."""
_REACH: Final = 1.25
"""How many times as long the slower of the two may take, at the median. Generous: a neighbour of the machine's who is
there for one of the two and not for the other is seen here, and nobody who measures over a network sees so little."""
_SECTION: Final = "## Another tenant's things beside none"


async def _settle_in(bench: Bench) -> None:
    """Have the bench's own tenant own one of everything that is asked for."""
    await bench.create_app(THEIRS)
    await bench.set_vars(THEIRS, {"COLOUR": "red"})
    secret = secrets_pb2.SecretAssignment(name="PASSWORD", value="xyzzy")
    await secrets_pb2_grpc.SecretsServiceStub(bench.channel("secrets")).SetSecrets(
        secrets_pb2.SetSecretsRequest(request_id=random_id(), app=THEIRS, secrets=[secret]), metadata=await bench.me()
    )
    await tokens_pb2_grpc.TokensServiceStub(bench.channel("tokens")).CreateToken(
        tokens_pb2.CreateTokenRequest(request_id=random_id(), name=THEIRS), metadata=await bench.me()
    )
    # The control: it is there for whoever owns it.
    await bench.config().GetApp(config_pb2.GetAppRequest(app=THEIRS), metadata=await bench.me())


async def _told(bench: Bench, method: Method, reference: str, stranger: str) -> float:
    """Return the seconds until somebody of another tenant is told that there is no such thing."""
    by = "app" if "app" in method.descriptor.input_type.fields_by_name else "token"
    raw = request_for(method, by, reference).SerializeToString()
    metadata = await bench.me(stranger)
    channel: Any = bench.channel(method.server)
    start = time.perf_counter()
    try:
        if method.descriptor.server_streaming:
            async for _ in channel.unary_stream(method.path)(raw, metadata=metadata):
                pass
        else:
            await channel.unary_unary(method.path)(raw, metadata=metadata)
    except grpc.aio.AioRpcError as error:
        if error.code() is grpc.StatusCode.NOT_FOUND:
            return time.perf_counter() - start
        raise
    raise AssertionError(f"{method.path} found {reference}")


async def _compare(bench: Bench, method: Method, stranger: str) -> Ratio:
    seconds: dict[str, list[float]] = {THEIRS: [], NOBODYS: []}
    end = time.perf_counter() + _LONGEST_SECONDS
    for turn in range(_PAIRS + _WARM):
        if time.perf_counter() > end:
            break
        # Each of the two comes first as often as second.
        for reference in sorted(seconds, reverse=bool(turn % 2)):
            taken = await _told(bench, method, reference, stranger)
            if turn >= _WARM:  # what is done for the first time takes longer
                seconds[reference].append(taken)
    foreign, absent = (statistics.median(seconds[reference]) * 1000 for reference in (THEIRS, NOBODYS))
    slower = max(foreign / absent, absent / foreign)
    name = method.path.rpartition(".")[2].replace("/", ".")
    return Ratio(name, "absent", "ms", foreign, absent, slower, f"≤ {_REACH}", slower <= _REACH)


async def _measure(bench: Bench) -> list[Ratio]:
    try:
        await _settle_in(bench)
        stranger = await asyncio.to_thread(sign_in, bench.stack, tenant="globex")
        ratios = []
        for method in finders():
            if method.path in table.USERS:
                ratios.append(await _compare(bench, method, stranger))
                print(ratios[-1].line(), flush=True)
        return ratios
    finally:
        await bench.close()


def _write(ratios: Sequence[Ratio]) -> None:
    section = [
        f"The latest run of `python -m bench.strangers`, {datetime.now(UTC):%Y-%m-%d}, on {os.cpu_count()} cores:",
        f"a call for what another tenant has beside one for what nobody has. Medians of up to {_PAIRS} pairs in turn;",
        "the ratio is that of the slower to the faster.",
        "",
        HEAD,
        *(ratio.line() for ratio in ratios),
    ]
    RESULTS.write_text(with_section(RESULTS.read_text(), _SECTION, "\n".join(section)))


def main() -> None:
    """Measure on a stack of its own."""
    print(HEAD, flush=True)
    with tempfile.TemporaryDirectory(prefix="paas-bench-") as folder:
        os.chmod(folder, 0o755)  # noqa: S103, PTH101  # PostgreSQL's own account has to pass through
        with running_stack(Path(folder) / "state", base_port=free_base_port()) as stack:
            ratios = uvloop.run(_measure(Bench(stack, sign_in(stack))))
    if "--write" in sys.argv:
        _write(ratios)


if __name__ == "__main__":
    main()

"""Floods of what is refused: they fill no log, and lock out nobody who sits behind the same address.

Bounded to a few hundred requests: that it holds for thousands is measured, not tested. Leaves out who is slowed when
(tests/unit/tokens/test_wrong_tokens.py) and how repeats are counted (tests/unit/paaskit/test_repeated_denials.py).
"""

import json
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import grpc
import pytest
from paas.secrets.v1 import secrets_pb2

from local.ports import SIGN_IN_CHECK
from paaskit.gate.denials import MOST_ANSWERED, WINDOW_SECONDS
from services.tokens import pat
from services.tokens.check.wrong_tokens import BURST
from tests.e2e.installation import Installation, Paas, events, eventually, metrics_page
from tests.fixtures.late import in_time
from tests.fixtures.waiting import PATIENCE

REVEAL = "/paas.secrets.v1.SecretsService/RevealSecret"
WHO_AM_I = "/paas.tokens.v1.TokensService/WhoAmI"


class Flood:
    """Calls of one method, many at once, straight to the gateway."""

    def __init__(self, channel: grpc.Channel) -> None:
        self._channel = channel

    def codes(self, path: str, tokens: list[str], request: bytes = b"") -> "Counter[grpc.StatusCode]":
        """How the calls with these tokens end; one for which who asks could not be told in time is made again."""

        def code(token: str) -> grpc.StatusCode:
            unary: Any = self._channel.unary_unary(path)
            metadata = (("authorization", f"Bearer {token}"),)
            try:
                in_time(lambda: unary(request, metadata=metadata, timeout=PATIENCE))
            except grpc.RpcError as error:
                return error.code()
            return grpc.StatusCode.OK

        with ThreadPoolExecutor(20) as threads:
            return Counter(threads.map(code, tokens))


@pytest.fixture
def flood(installation: Installation) -> Iterator[Flood]:
    with grpc.insecure_channel(installation.stack.gateway_url.removeprefix("http://")) as channel:
        yield Flood(channel)


@dataclass(frozen=True)
class Denied:
    """Somebody who was denied a secret again and again, until they were told to slow down: how often, in what time."""

    calls: int
    windows: int
    """As many as may have opened meanwhile: one, where the machine has nothing else to do."""
    who: str = "user:flooder@example.com"


@pytest.fixture
def denied(installation: Installation, idle: Paas, flood: Flood) -> Denied:
    """Denied half as often again as is answered within a window; the same again where that took longer than one."""
    viewer = installation.person("flooder@example.com", role="viewer")
    request = secrets_pb2.RevealSecretRequest(app=idle.environment["PAAS_APP"], name="STRIPE").SerializeToString()
    began, codes = time.monotonic(), Counter[grpc.StatusCode]()
    while grpc.StatusCode.RESOURCE_EXHAUSTED not in codes:
        before = time.monotonic()
        codes += flood.codes(REVEAL, [viewer.environment["PAAS_TOKEN"]] * (MOST_ANSWERED * 3 // 2), request)
        took = time.monotonic() - before
        assert took > WINDOW_SECONDS or grpc.StatusCode.RESOURCE_EXHAUSTED in codes, codes
    assert set(codes) == {grpc.StatusCode.PERMISSION_DENIED, grpc.StatusCode.RESOURCE_EXHAUSTED}
    assert codes[grpc.StatusCode.PERMISSION_DENIED] >= MOST_ANSWERED
    return Denied(codes.total(), 1 + int((time.monotonic() - began) // WINDOW_SECONDS))


def test_denials_are_one_event_at_once(idle: Paas, denied: Denied) -> None:
    app = idle.environment["PAAS_APP"]
    found = eventually(lambda: events(idle, actor=denied.who, app=app, repeats=0))
    assert len(found) <= denied.windows
    for first in found:
        assert (first["outcome"], first["targets"]) == ("denied", ["STRIPE"])
        assert first["token_id"]
    assert idle.ok("secrets", "-a", app).exit_code == 0


@pytest.mark.thorough
def test_the_rest_of_the_denials_is_told_in_another(idle: Paas, denied: Denied) -> None:
    app = idle.environment["PAAS_APP"]

    def told() -> list[dict[str, Any]]:
        found = events(idle, actor=denied.who, app=app)
        return found if sum(event["repeats"] or 1 for event in found) == denied.calls else []

    rest = [event for event in eventually(told) if event["repeats"]]
    assert len(rest) <= 2 * denied.windows, "the flood may have begun in one window and ended in the next"
    assert "more within 10 s)" in idle.ok("audit", "-a", app).out


def test_wrong_tokens_lock_out_nobody_at_the_same_address(installation: Installation, ada: Paas, flood: Flood) -> None:
    wrong = [pat.generate() for _ in range(BURST * 5)]
    assert flood.codes(WHO_AM_I, wrong) == {grpc.StatusCode.UNAUTHENTICATED: len(wrong)}
    # Nobody has seen this one yet, and its source is one of many wrong tokens now.
    colleague = ada.ok("tokens:create", "--name", "colleague").lines[1].partition("=")[2]
    mixed = [token for pair in zip([colleague] * 20, wrong, strict=False) for token in pair]
    codes = flood.codes(WHO_AM_I, mixed)
    assert codes == {grpc.StatusCode.OK: 20, grpc.StatusCode.UNAUTHENTICATED: 20}
    page = metrics_page(installation.stack, SIGN_IN_CHECK).decode()
    (line,) = [line for line in page.splitlines() if line.startswith('paas_wrong_tokens_total{reason="unknown"}')]
    assert float(line.split()[1]) >= len(wrong)
    log = installation.stack.layout.log(SIGN_IN_CHECK)
    lines = eventually(lambda: [line for line in log.read_text().splitlines() if '"wrong_tokens"' in line])
    assert not any(token in line for line in lines for token in wrong)
    assert sum(json.loads(line)["count"] for line in lines) >= 1

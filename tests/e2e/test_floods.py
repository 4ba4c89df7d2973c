"""Floods of what is refused: they fill no log, and lock out nobody who sits behind the same address.

Bounded to a few hundred requests: that it holds for thousands is measured, not tested. Leaves out who is slowed when
(tests/unit/tokens/test_wrong_tokens.py) and how repeats are counted (tests/unit/paaskit/test_repeated_denials.py).
"""

import json
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest
from paas.secrets.v1 import secrets_pb2

from local.ports import SIGN_IN_CHECK
from paaskit.gate.denials import MOST_ANSWERED
from services.tokens import pat
from services.tokens.check.wrong_tokens import BURST
from tests.e2e.installation import Installation, Paas, events, eventually, metrics_page
from tests.fixtures.waiting import PATIENCE

REVEAL = "/paas.secrets.v1.SecretsService/RevealSecret"
WHO_AM_I = "/paas.tokens.v1.TokensService/WhoAmI"


class Flood:
    """Calls of one method, many at once, straight to the gateway."""

    def __init__(self, channel: grpc.Channel) -> None:
        self._channel = channel

    def codes(self, path: str, tokens: list[str], request: bytes = b"") -> "Counter[grpc.StatusCode]":
        """How the calls with these tokens end."""

        def code(token: str) -> grpc.StatusCode:
            unary: Any = self._channel.unary_unary(path)
            try:
                unary(request, metadata=(("authorization", f"Bearer {token}"),), timeout=PATIENCE)
            except grpc.RpcError as error:
                return error.code()
            return grpc.StatusCode.OK

        with ThreadPoolExecutor(20) as threads:
            return Counter(threads.map(code, tokens))


@pytest.fixture
def flood(installation: Installation) -> Iterator[Flood]:
    with grpc.insecure_channel(installation.stack.gateway_url.removeprefix("http://")) as channel:
        yield Flood(channel)


@pytest.fixture
def denied(installation: Installation, idle: Paas, flood: Flood) -> str:
    """Somebody who was denied a secret half as often again as is answered; who that is."""
    viewer = installation.person("flooder@example.com", role="viewer")
    request = secrets_pb2.RevealSecretRequest(app=idle.environment["PAAS_APP"], name="STRIPE").SerializeToString()
    codes = flood.codes(REVEAL, [viewer.environment["PAAS_TOKEN"]] * (MOST_ANSWERED * 3 // 2), request)
    assert set(codes) == {grpc.StatusCode.PERMISSION_DENIED, grpc.StatusCode.RESOURCE_EXHAUSTED}
    assert codes[grpc.StatusCode.PERMISSION_DENIED] >= MOST_ANSWERED
    return "user:flooder@example.com"


def test_denials_are_one_event_at_once(idle: Paas, denied: str) -> None:
    app = idle.environment["PAAS_APP"]
    (first,) = eventually(lambda: events(idle, actor=denied, app=app, repeats=0))
    assert (first["outcome"], first["targets"]) == ("denied", ["STRIPE"])
    assert first["token_id"]
    assert idle.ok("secrets", "-a", app).exit_code == 0


@pytest.mark.thorough
def test_the_rest_of_the_denials_is_told_in_another(idle: Paas, denied: str) -> None:
    app, repeats = idle.environment["PAAS_APP"], MOST_ANSWERED * 3 // 2 - 1

    def told() -> list[dict[str, Any]]:
        found = [event for event in events(idle, actor=denied, app=app) if event["repeats"]]
        return found if sum(event["repeats"] for event in found) == repeats else []

    assert len(eventually(told)) <= 2, "the flood may have been longer than a window"
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

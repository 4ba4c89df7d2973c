"""`/v1/openapi.json`: anybody gets it, whole, and few at once. What is in it is `tests/unit/gateway`'s."""

import asyncio
import json
from collections import Counter

from tests.architecture.sources import ROOT
from tests.integration.gateway.conftest import Gateway
from tests.integration.gateway.in_json.asking import ask

GET = "GET /v1/openapi.json"


async def test_anybody_gets_it(gateway: Gateway) -> None:
    answer = await ask(gateway, GET, signed_in=False)
    assert (answer.status, answer.headers["cache-control"]) == (200, "public, max-age=300")
    assert answer.document == json.loads((ROOT / "gen" / "openapi.json").read_text(encoding="utf-8"))
    assert (gateway.arrivals(), gateway.check.requests) == ([], [])


async def test_nobody_gets_it_again_and_again(gateway: Gateway) -> None:
    statuses: Counter[int] = Counter()
    while 429 not in statuses:  # how many it takes depends on how fast they come
        answers = await asyncio.gather(*(ask(gateway, GET, signed_in=False, source="127.0.73.1") for _ in range(30)))
        statuses += Counter(answer.status for answer in answers)
    assert statuses.keys() == {200, 429}
    assert statuses[200] >= 8


async def test_it_is_no_other_path_or_verb(gateway: Gateway) -> None:
    for target in ("POST /v1/openapi.json", "GET /v1/openapi.json/", "GET /v1/openapi.yaml"):
        assert (await ask(gateway, target, {} if target.startswith("POST") else None)).status == 404

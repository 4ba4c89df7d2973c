"""200,000 malformed requests to every method of every server, on a whole installation.

Covers, over gRPC and in JSON: no process ends, only the outcomes of the reviewed table come back, errors have reviewed
texts and repeat no value, logs hold no traceback, no fault and nothing that was sent, nothing is stored that could not
be, memory stays. Leaves out floods: nothing here is more than some dozens of requests at a time.
"""

import asyncio
import json
import os
import random
import secrets
from collections import Counter
from typing import Final

from local.ports import GATEWAY
from local.signin import Person, issue
from paaskit.clock import random_id
from tests.abuse.requests.answers import Answer
from tests.abuse.requests.attack import DESTROY, Plan, attack
from tests.abuse.requests.in_json.calls import call_of, http_calls
from tests.abuse.requests.messages import Messages, Things
from tests.abuse.requests.tally import Tally
from tests.abuse.requests.targets import Reach
from tests.abuse.requests.verdicts import of_the_gateway, reviewed
from tests.abuse.requests.watch import Logs, complaints_of, standing, wrongly_stored
from tests.abuse.seeds import SEED
from tests.access.methods import every_method
from tests.e2e.installation import Installation
from tests.fixtures.waiting import PATIENCE

REQUESTS = int(os.environ.get("PAAS_ABUSE_REQUESTS", "200000"))
WARM_UP = REQUESTS // 10
# Of the memory after the warm-up, more or less. What a service grows by slows down all the way, and is a fifth by the
# end; 150 bytes kept of each request would be more than this.
_MEMORY_MAY_CHANGE = 0.3


def test_malformed_requests_do_nothing(installation: Installation) -> None:
    malformed(installation, requests=REQUESTS - WARM_UP, warm_up=WARM_UP, seed=SEED)


def malformed(installation: Installation, *, requests: int, warm_up: int, seed: int) -> None:
    """Send that many, after `warm_up` more of the same, and look. Raises AssertionError."""
    # The mark could be the name of an app, so that it is found where an id is taken for one.
    stack, tenant, mark = installation.stack, f"abuse-{random_id()[:8]}", f"a{secrets.token_hex(12)}"
    token = issue(stack, Person(tenant=tenant, user="eve@example.com", role="admin"))
    reach = Reach(base_port=stack.base_port, tls=stack.layout.tls, token=token)
    things = Things(tenant=tenant, app="web", app_id=random_id(), mark=mark)
    logs = Logs(stack)
    whole = attack(Plan(reach=reach, things=things, requests=warm_up, seed=seed + 1_000)) if warm_up else Tally()
    before = standing(stack)
    whole.add(attack(Plan(reach=reach, things=things, requests=requests, seed=seed)))
    after = standing(stack)
    growth = before.growth(after)
    print(f"\n{whole.sent} malformed requests to {len(every_method())} methods, seed {seed}, {len(whole.texts)} texts")
    print("memory after the warm-up in MiB, and how many times that at the end: " + ", ".join(
        f"{part} {size >> 20} x {growth[part]:.2f}" for part, size in before.memory.items()))  # fmt: skip
    for kind, outcomes in sorted(whole.outcomes.items()):
        print(f"  {kind}: {dict(outcomes.most_common())}")
    assert whole.sent == requests + warm_up
    assert after.processes == before.processes
    assert whole.unexpected == {}
    assert whole.unreviewed == {}
    assert (whole.quoted, whole.silent) == ([], [])
    assert logs.complaints(mark) == {}
    assert wrongly_stored(stack) == {}
    if warm_up:
        assert {part: ratio for part, ratio in growth.items() if abs(ratio - 1) > _MEMORY_MAY_CHANGE} == {}
    _goes_on(installation)


def _goes_on(installation: Installation) -> None:
    """People who do nothing wrong get their answers as before."""
    # Somebody of their own: signing a person in anew ends the sign-in that the rest of a run has.
    paas = installation.new_app(installation.person("neighbour@example.com"), instances=0)
    paas.ok("config:set", "A=1")
    assert paas.ok("config", "--json").document["vars"][0]["value"] == "1"


def test_calls_in_json_that_are_not_changed_get_to_their_services(installation: Installation) -> None:
    """The control: what is refused of the changed ones is refused for what was changed."""
    stack, tenant = installation.stack, f"abuse-{random_id()[:8]}"
    token = issue(stack, Person(tenant=tenant, user="eve@example.com", role="admin"))
    reach = Reach(base_port=stack.base_port, tls=stack.layout.tls, token=token)
    things = Things(tenant=tenant, app="web", app_id=random_id(), mark=secrets.token_hex(12))
    answers = asyncio.run(_answered(reach, Messages(things, random.Random(SEED))))
    assert {call: text for call, (_, text) in answers.items() if of_the_gateway(text)} == {}
    outcomes = Counter(outcome for outcome, _ in answers.values())
    assert outcomes.keys() <= {"http 200", "http 400", "http 404", "http 409", "http 429"}
    assert outcomes["http 200"] >= 10


# What a machine answers that has too much to do; it is asked again.
_CAN_NOT_KEEP_UP: Final = frozenset({"http 408", "http 503", "http 504"})


async def _answered(reach: Reach, messages: Messages) -> dict[str, tuple[str, str]]:
    """The outcome and the sentence of each call in JSON, by what is called."""
    connection, answers = await reach.connect(GATEWAY), {}
    for name, http in http_calls():
        call = call_of(http, messages.of(http.request, destroys=name in DESTROY), token=reach.token)
        body = json.dumps(call.fields).encode() if call.has_body else b""
        async with asyncio.timeout(PATIENCE):
            while (answer := await connection.ask(call.sent(body), patience=PATIENCE)).outcome in _CAN_NOT_KEEP_UP:
                pass
        answers[call.target.path] = answer.outcome, answer.text
    connection.close()
    return answers


def test_each_detector_finds_its_control() -> None:
    """A run whose detectors find nothing says something only if they find what is planted."""
    mark, tally = secrets.token_hex(12), Tally()
    fault = Answer({"grpc-status": "13", "grpc-message": f'ValueError("{mark}")'})
    tally.count("bad_tags", "/paas.x.v1.X/Y", fault, mark=mark)
    assert sum(tally.unexpected.values()) == len(tally.unreviewed) == len(tally.quoted) == 1
    hidden = Answer({"grpc-status": "3", "grpc-message": "".join(f"%{byte:02x}" for byte in mark.encode())})
    tally.count("bad_tags", "/paas.x.v1.X/Y", hidden, mark=mark)
    assert len(tally.quoted) == 2
    accepted = Answer({"grpc-status": "0"})
    tally.count("bad_lengths", "/paas.x.v1.X/Y", accepted, mark=mark)
    assert sum(tally.unexpected.values()) == 2
    assert reviewed("ValueError: something else") is None
    for content in (
        b'{"code":13,"message":"%s","details":[]}' % mark.encode(),
        b"<html>",
        b'{"trace":"x"}',
        b"[]",
        b"1",
    ):
        tally = Tally()
        fields = {":status": "500", "content-type": "application/json"}
        tally.count("json_duplicates", "POST /v1/x", Answer(fields, content=bytearray(content)), mark=mark)
        assert sum(tally.unexpected.values()) == len(tally.unreviewed) == 1
        assert len(tally.quoted) == (mark.encode() in content)
    taken = Answer({":status": "200", "content-type": "application/json", "grpc-status": "0"})
    tally.count("json_duplicates", "POST /v1/x", taken, mark=mark)
    assert sum(tally.unexpected.values()) == 2
    assert reviewed("The request can't be read.") is None
    for planted in (
        b'Traceback (most recent call last):\n  File "x.py", line 1',
        b'{"event": "request_failed", "method": "/paas.x.v1.X/Y", "error_type": "builtins.KeyError"}',
        b'{"event": "background_failed", "task": "outbox"}',
        b'{"event": "x", "value": "%s"}' % mark.encode(),
        b'{"event": "x", "value": "%s"}' % mark.encode().hex().encode(),
    ):
        assert list(complaints_of(planted, mark))
    assert list(complaints_of(b'{"event": "serving", "address": "127.0.0.1:1"}\n', mark)) == []

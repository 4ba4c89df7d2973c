"""A tenant's audit log over plain HTTP, read and verified as a program of others would.

Leaves out how it is written (tests/integration/audit/publishing), and programs of others (tests/foreign_verifiers).
"""

import http.client
import json

import pytest

from local.ports import HOST
from paaskit.ed25519 import Ed25519
from services.audit.publishing.signing import load_keys
from tests.e2e.installation import Installation, Paas, events, eventually
from tests.fixtures.waiting import PATIENCE
from transparency.failures import NotServed
from transparency.notes import checkpoints, signed
from transparency.notes.checkpoints import Checkpoint
from transparency.tiles.reader import TileReader
from transparency.verification import verify_log

PREFIX = "/audit/log/"


def get(paas: Paas, installation: Installation, path: str, *, method: str = "GET") -> tuple[int, str, bytes]:
    """What the gateway answers: status, content type and body."""
    token = paas.environment.get("PAAS_TOKEN")
    connection = http.client.HTTPConnection(HOST, installation.stack.base_port, timeout=PATIENCE)
    try:
        connection.request(method, path, headers={"authorization": f"Bearer {token}"} if token else {})
        answer = connection.getresponse()
        return answer.status, answer.headers["content-type"], answer.read()
    finally:
        connection.close()


def checkpoint(paas: Paas, installation: Installation) -> Checkpoint:
    """The log's checkpoint, before anybody has verified it."""
    status, content_type, content = get(paas, installation, PREFIX + "checkpoint")
    assert (status, content_type) == (200, "application/octet-stream")
    return checkpoints.parsed(signed.parsed(content).text)


def test_a_log_verifies_over_http_and_has_what_was_done(installation: Installation, ada: Paas, idle: Paas) -> None:
    app = idle.environment["PAAS_APP"]
    # A tenant has a checkpoint some moments after its first event.
    eventually(lambda: get(ada, installation, PREFIX + "checkpoint")[0] == 200)
    before = checkpoint(ada, installation)
    idle.ok("config:set", "COLOUR=blue")
    (event,) = eventually(lambda: events(idle, app=app, action="config.set"))
    eventually(lambda: checkpoint(ada, installation).size >= event["sequence"])

    def fetch(path: str) -> bytes:
        status, _, content = get(ada, installation, PREFIX + path)
        if status == 404:
            raise NotServed(path)
        assert status == 200
        return content

    (key,) = load_keys(str(installation.stack.layout.log_key)).verifiers(before.origin)
    log = verify_log(fetch, key=key, ed25519=Ed25519(), remembered=before).checkpoint
    reader = TileReader(fetch, size=log.size, root=log.root)
    entries = [json.loads(each) for index in range(-(-log.size // 256)) for each in reader.entries(index)]
    assert [entry["sequence"] for entry in entries] == [str(number + 1) for number in range(log.size)]
    assert {entry["tenant"] for entry in entries} == {"acme"}
    assert any(each["action"] == "config.set" and each["app"] == app for each in entries[before.size :])


def test_who_is_not_signed_in_or_may_not_read_the_log_is_told_so_in_http(installation: Installation, ada: Paas) -> None:
    nobody, viewer = ada.with_(PAAS_TOKEN=""), installation.person("vic@example.com", role="viewer")
    assert get(nobody, installation, PREFIX + "checkpoint")[0] == 401
    status, content_type, body = get(viewer, installation, PREFIX + "checkpoint")
    assert (status, content_type) == (403, "application/json")
    assert json.loads(body)["code"] == 7


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("tile/0/999", 404),
        ("nothing", 404),
        ("../../etc/passwd", 404),
        ("%2e%2e/checkpoint", 404),
        ("", 404),
        ("checkpoint?path=tile/0/000", 404),
        ("x" * 1000, 400),
    ],
)
def test_no_other_path_is_a_file(installation: Installation, ada: Paas, path: str, status: int) -> None:
    assert get(ada, installation, PREFIX + path)[0] == status


def test_a_file_is_read_and_not_written(installation: Installation, ada: Paas) -> None:
    for method in ("POST", "PUT", "DELETE"):
        assert get(ada, installation, PREFIX + "checkpoint", method=method)[0] in {404, 415}

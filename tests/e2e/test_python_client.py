"""The Python client with the running installation: a day of a program, and every example of its document.

Covers changes, lists, reveals with what is on record of them, refusals of the gateway and of services, one effect of a
change whose answers are lost, streams of releases. Leaves out single rules of the client (tests/unit/client).
"""

import re
import socket
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from paas.releaser.v1 import releaser_pb2

from paas_client import (
    Client,
    Conflict,
    InvalidArgument,
    NotFound,
    PermissionDenied,
    ReleaseFailed,
    Unauthenticated,
    Unavailable,
)
from tests.e2e.installation import PROGRAM as APP
from tests.e2e.installation import Installation, Paas, config_of, eventually, health, releases
from tests.fixtures.waiting import PATIENCE

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "python-client.md"
_BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def _client(paas: Paas, gateway: str | None = None) -> Client:
    environment = paas.environment
    return Client(gateway or environment["PAAS_GATEWAY"], environment["PAAS_TOKEN"], timeout=PATIENCE)


def test_a_programs_day(idle: Paas, installation: Installation) -> None:
    client, app = _client(idle), idle.environment["PAAS_APP"]
    plain, sealed = installation.canaries.config(), installation.canaries.secret()
    assert app in [each.name for each in client.config.list_apps(page_size=1)]

    change = client.config.set_vars(app=app, vars={"MOTD": plain, "B": "2", "C": "3"}).change
    assert client.wait_for_release(app, change.release, timeout=PATIENCE).state == releaser_pb2.STATE_SUCCEEDED
    assert config_of(idle) == {"MOTD": plain, "B": "2", "C": "3"}
    listed = client.config.list_vars(app=app, page_size=2)
    assert [var.name for var in listed] == ["MOTD", "B", "C"]
    assert [len(page.vars) for page in listed.pages()] == [2, 1]
    etag = next(listed.pages()).etag
    client.config.unset_vars(app=app, names=["B"], etag=etag)
    with pytest.raises(Conflict):
        client.config.unset_vars(app=app, names=["C"], etag=etag)

    client.secrets.set_secrets(app=app, secrets={"API_KEY": sealed})
    revealed = client.secrets.reveal_secret(app=app, name="API_KEY", reason="Trying the client")
    assert revealed.value == sealed
    assert sealed not in repr(revealed)
    (event,) = eventually(lambda: list(client.audit.list_events(app=app, action="secrets.get")))
    assert (event.reason, list(event.targets)) == ("Trying the client", ["API_KEY"])
    assert event.event_id == revealed.audit_event_id

    environment = client.environment(app)
    assert environment == {"MOTD": plain, "C": "3", "API_KEY": sealed}
    assert sealed not in repr(environment)
    (run,) = eventually(lambda: list(client.audit.list_events(app=app, action="secrets.run")))
    assert list(run.targets) == ["API_KEY"]


def test_who_may_not_is_told_so(idle: Paas, installation: Installation) -> None:
    app, sealed = idle.environment["PAAS_APP"], installation.canaries.secret()
    admin, viewer = _client(idle), _client(installation.person("vera@example.com", role="viewer"))
    admin.secrets.set_secrets(app=app, secrets={"API_KEY": sealed})
    with pytest.raises(PermissionDenied) as denied:
        viewer.secrets.reveal_secret(app=app, name="API_KEY")
    assert "secrets.reveal" in str(denied.value)
    with pytest.raises(NotFound) as absent:
        admin.secrets.reveal_secret(app=f"{app}-x", name="API_KEY")
    assert absent.value.reason == "APP_NOT_FOUND"
    wrong = Client(idle.environment["PAAS_GATEWAY"], "paas_pat_" + "x" * 36)
    with pytest.raises(Unauthenticated, match="not signed in"):
        list(wrong.config.list_apps())
    with pytest.raises(InvalidArgument) as invalid:
        admin.secrets.set_secrets(app=app, secrets={"GOOD": sealed, "1BAD": sealed})
    assert [secret.name for secret in admin.secrets.list_secrets(app=app)] == ["API_KEY"]
    for error in (denied.value, absent.value, invalid.value):
        told = "".join(traceback.format_exception(error)) + repr(vars(error))
        assert sealed not in told
        assert idle.environment["PAAS_TOKEN"] not in told


@contextmanager
def losing(gateway: str, answers: int) -> Iterator[tuple[str, list[int]]]:
    """A way to the gateway on which the first `answers` are lost; its address, and how long those were."""
    target = urlsplit(gateway)
    lost: list[int] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def passed(near: socket.socket) -> None:
        with near, socket.create_connection((target.hostname or "", target.port or 0)) as far:
            far.sendall(near.recv(1 << 16))
            answer = b"".join(iter(lambda: far.recv(1 << 16), b""))
            if len(lost) < answers:
                lost.append(len(answer))
            else:
                near.sendall(answer)

    def serve() -> None:
        with suppress(OSError):
            while True:
                passed(listener.accept()[0])

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", lost
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def test_a_change_whose_answers_are_lost_is_made_once(idle: Paas) -> None:
    app = idle.environment["PAAS_APP"]
    before = len(releases(idle))
    with losing(idle.environment["PAAS_GATEWAY"], answers=2) as (way, lost):
        change = _client(idle, way).config.set_vars(app=app, vars={"ONCE": "1"}).change
        assert len(lost) == 2
        assert min(lost) > 0
    assert [each.name for each in change.changes] == ["ONCE"]
    assert len(releases(idle)) == before + 1
    assert releases(idle)[0]["number"] == change.release

    with losing(idle.environment["PAAS_GATEWAY"], answers=3) as (way, lost):
        with pytest.raises(Unavailable) as raised:
            _client(idle, way).config.set_vars(app=app, vars={"ONCE": "2"})
        assert (len(lost), raised.value.may_have_happened) == (3, True)
    again = _client(idle).config.set_vars(app=app, vars={"ONCE": "2"}, request_id=raised.value.request_id)
    assert len(releases(idle)) == before + 2
    assert releases(idle)[0]["number"] == again.change.release


def test_a_release_is_seen_to_its_end(paas: Paas) -> None:
    client, app = _client(paas), paas.environment["PAAS_APP"]
    change = client.config.set_vars(app=app, vars={"COLOUR": "blue"}).change
    seen = [each.release.state for each in client.releaser.watch_release(app=app, number=change.release)]
    assert seen[-1] == releaser_pb2.STATE_SUCCEEDED
    bad = client.config.set_vars(app=app, vars={"CRASH": "1"}).change
    with pytest.raises(ReleaseFailed, match=f"v{bad.release} of {app} failed: .* taken back to v{change.release}"):
        client.wait_for_release(app, bad.release, timeout=PATIENCE)
    assert config_of(paas) == {"COLOUR": "blue"}


def test_the_examples_of_the_document_work(
    installation: Installation, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sealed = installation.canaries.secret()
    paas = installation.person("dora@example.com", tenant="documented")
    paas.ok("apps:create", "web", "--instances", "1", *health(1), "--", *APP)
    paas.ok("secrets:set", f"STRIPE_API_KEY={sealed}", "-a", "web")
    monkeypatch.setenv("PAAS_GATEWAY", paas.environment["PAAS_GATEWAY"])
    monkeypatch.setenv("PAAS_TOKEN", paas.environment["PAAS_TOKEN"])
    blocks = _BLOCK.findall(DOCUMENT.read_text(encoding="utf-8"))
    assert len(blocks) > 9
    names: dict[str, object] = {}
    for number, block in enumerate(blocks, start=1):
        exec(compile(block, f"example {number}", "exec"), names)  # noqa: S102 - our own document
    told = capsys.readouterr().out
    assert "user:dora@example.com" in told
    assert "web 1" in told
    assert "INVALID_INPUT" in told
    assert "APP_NOT_FOUND" in told
    assert sealed not in told
    config = {var["name"]: var["value"] for var in paas.ok("config", "-a", "web", "--json").document["vars"]}
    assert config == {"LOG_LEVEL": "info", "WORKERS": "8"}
    assert names["environment"] == {**config, "STRIPE_API_KEY": sealed}

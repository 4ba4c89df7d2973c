"""`paas witness`: what is kept before it is answered, by whom the folder is had, and what a stranger can't do to it.

Leaves out what is cosigned and what is refused (tests/unit/transparency/test_witness.py).
"""

import http.client
import os
import random
import select
import signal
import socket
import stat
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

import pytest

from paas_cli.witness import server as witness_server
from paas_cli.witness import signing
from paas_cli.witness.record import Record
from tests.fixtures.waiting import PATIENCE
from tests.fixtures.written_log import WrittenLog, a_key
from tests.unit.cli.conftest import Paas
from transparency.encoding import base64_of
from transparency.merkle.proofs import consistency_proof
from transparency.notes import signed
from transparency.notes.keys import VerifierKey, parsed_key
from transparency.witness import LARGEST_REQUEST, Kept

NAME = "witness.example/w1"


class Running:
    """`paas witness` as a process of its own."""

    def __init__(self, folder: Path, *logs: VerifierKey) -> None:
        self.folder = folder
        self._logs = [option for log in logs for option in ("--log", log.text)]
        self.start()

    def start(self) -> None:
        """Start it, where it has been before."""
        command = [sys.executable, "-m", "paas_cli", "witness", "--key", "w.key", "--state", "kept"]
        self.process = subprocess.Popen(
            [*command, "--listen", "127.0.0.1:0", *self._logs],
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self.process.stdout is not None
        text, _, address = self.process.stdout.readline().strip().partition(" listens on http://")
        self.key = parsed_key(text)
        self.port = int(address.rpartition(":")[2])

    def kill(self) -> None:
        """End it in the middle of whatever it does."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(PATIENCE)

    def ask(self, method: str, path: str, body: bytes | None = None) -> tuple[int, str, bytes]:
        """Status, content type and body of an answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request(method, path, body)
            answer = connection.getresponse()
            return answer.status, answer.headers["content-type"], answer.read()
        finally:
            connection.close()

    def add(self, body: bytes) -> tuple[int, str, bytes]:
        """Post a checkpoint."""
        return self.ask("POST", "/add-checkpoint", body)


@pytest.fixture
def logs() -> tuple[WrittenLog, WrittenLog]:
    """A log of this platform, and one of somebody else."""
    return WrittenLog(), WrittenLog(origin="sum.example.org")


@pytest.fixture
def running(paas: Paas, tmp_path: Path, logs: tuple[WrittenLog, WrittenLog]) -> Iterator[Running]:
    """A witness that knows both."""
    made = paas("witness", "--key", str(tmp_path / "w.key"), "--make-key", NAME)
    assert made.exit_code == 0
    running = Running(tmp_path, *(log.key for log in logs))
    assert running.key.text == made.out.strip()
    yield running
    running.kill()


def body_of(log: WrittenLog, *, old: int = 0) -> bytes:
    """A request for the log as it is."""
    proof = consistency_proof(old, log.size, log.trusted_reader().hashes)
    head = "\n".join([f"old {old}", *map(base64_of, proof), "", ""])
    return head.encode() + log.files["checkpoint"]


def grown(log: WrittenLog, count: int) -> bytes:
    """A request for the log after it has grown."""
    old = log.size
    log.grow([f"{number}".encode() for number in range(old, old + count)])
    return body_of(log, old=old)


def is_cosigned(log: WrittenLog, lines: bytes, key: VerifierKey) -> bool:
    """Whether what was answered is the witness's signature of the log's checkpoint."""
    note = signed.parsed(log.files["checkpoint"])
    cosignature = signed.parsed_signature(lines.decode().rstrip("\n"))
    (verified,) = signed.verified(note.with_signatures([cosignature]), [key], signing.Ed25519())
    return verified.time > 0


def test_logs_are_cosigned_and_stay_so_when_it_is_killed(running: Running, logs: tuple[WrittenLog, WrittenLog]) -> None:
    for log in logs:
        status, _, lines = running.add(grown(log, 5))
        assert status == 200
        assert is_cosigned(log, lines, running.key)
    first = body_of(logs[0])
    for _ in range(3):
        running.kill()
        running.start()
        assert running.add(first)[0] == 409
        assert running.add(body_of(logs[0]))[1:] == ("text/x.tlog.size", f"{logs[0].size}\n".encode())
        status, _, lines = running.add(grown(logs[0], 300))
        assert status == 200
        assert is_cosigned(logs[0], lines, running.key)


def test_another_history_is_never_cosigned(running: Running, logs: tuple[WrittenLog, WrittenLog]) -> None:
    log = logs[0]
    running.add(grown(log, 5))
    running.kill()
    running.start()
    fork = WrittenLog()
    fork.grow([b"other"] * 5)
    for size in (0, 2):
        if size:
            fork.grow([b"more"] * size)
        assert running.add(body_of(fork, old=5))[0] == 422
    stranger = WrittenLog(origin="unknown.example")
    stranger.grow([b"1"])
    assert running.add(body_of(stranger))[0] == 404
    impostor = WrittenLog()
    impostor.signers = ["impostor"]
    impostor.grow([b"1"])
    assert running.add(body_of(impostor))[0] == 403
    assert running.add(b"old 9\n\n" + log.files["checkpoint"])[0] == 400


def test_monitors_get_what_was_cosigned(running: Running, logs: tuple[WrittenLog, WrittenLog]) -> None:
    log = logs[1]
    path = f"/{sha256(log.key.name.encode()).hexdigest()}/checkpoint"
    assert running.ask("GET", path)[0] == 404
    running.add(grown(log, 3))
    status, content_type, note = running.ask("GET", path)
    assert (status, content_type) == (200, "text/plain; charset=utf-8")
    keys = {each.key for each in signed.verified(signed.parsed(note), [log.key, running.key], signing.Ed25519())}
    assert keys == {log.key, running.key}
    for other in ("/lock/checkpoint", "/../w.key", f"/{'0' * 64}/checkpoint", "/"):
        assert running.ask("GET", other)[0] == 404


def test_many_at_once_make_one_history(running: Running, logs: tuple[WrittenLog, WrittenLog]) -> None:
    """Of requests that go on from the same checkpoint, one is cosigned, and the others are told how far it is."""
    log = logs[0]
    assert running.add(grown(log, 3))[0] == 200
    for _ in range(5):
        old, forks = log.size, []
        for _ in range(8):
            fork = WrittenLog()
            fork.grow(log.entries)
            fork.grow([os.urandom(8)])
            forks.append((fork, body_of(fork, old=old)))
        answers: list[tuple[WrittenLog, int]] = []

        def add(fork: WrittenLog, body: bytes, answers: list[tuple[WrittenLog, int]] = answers) -> None:
            answers.append((fork, running.add(body)[0]))

        threads = [threading.Thread(target=add, args=each) for each in forks]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE)
        assert Counter(status for _, status in answers) == {200: 1, 409: 7}
        log = next(fork for fork, status in answers if status == 200)
    assert running.add(grown(log, 1))[0] == 200


def test_300_malformed_bodies_change_nothing(running: Running, logs: tuple[WrittenLog, WrittenLog]) -> None:
    log, chance = logs[0], random.Random(7)
    running.add(grown(log, 5))
    good = grown(log, 5)
    statuses: Counter[int] = Counter()
    for number in range(300):
        body = bytearray(good)
        match number % 4:
            case 0:
                body[chance.randrange(len(body))] ^= 1 << chance.randrange(8)
            case 1:
                del body[chance.randrange(len(body)) :]
            case 2:
                body = bytearray(chance.randbytes(chance.randrange(400)))
            case _:
                at = chance.randrange(len(body))
                body[at:at] = chance.randbytes(1 + chance.randrange(3))
        statuses[running.add(bytes(body))[0]] += 1
    assert set(statuses) <= {400, 403, 404, 409, 422}
    assert statuses[400] > 150
    assert running.add(good)[0] == 200, "none of them was kept"


def test_what_is_no_request_is_refused(running: Running) -> None:
    assert running.ask("POST", "/other", b"x")[0] == 404
    assert running.ask("PUT", "/add-checkpoint", b"x")[0] == 501
    for header, status in ((f"content-length: {LARGEST_REQUEST + 1}", 413), ("transfer-encoding: chunked", 411)):
        with socket.create_connection(("127.0.0.1", running.port), timeout=PATIENCE) as connection:
            connection.sendall(f"POST /add-checkpoint HTTP/1.1\r\nhost: w\r\n{header}\r\n\r\n".encode())
            assert connection.recv(100).startswith(f"HTTP/1.1 {status} ".encode())


def test_a_connection_is_kept_for_the_next_request(running: Running, logs: tuple[WrittenLog, WrittenLog]) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=PATIENCE)
    for status in (200, 409):
        connection.request("POST", "/add-checkpoint", grown(logs[0], 1) if status == 200 else body_of(logs[0]))
        answer = connection.getresponse()
        answer.read()
        assert answer.status == status
    connection.close()


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., witness_server.WitnessServer]]:
    """A server in this process, with less patience."""
    monkeypatch.setattr(witness_server, "_REQUEST_SECONDS", 0.3)
    monkeypatch.setattr(witness_server, "_AT_ONCE", 2)
    from transparency.witness import Witness

    key = signing.make(str(tmp_path / "k"), NAME)
    log = WrittenLog()
    witness = Witness(key.verifier, key, {log.key.name: [log.key]}, signing.Ed25519(), lambda: 1_800_000_000)
    with Record(str(tmp_path / "kept")) as record:
        server = witness_server.WitnessServer(("127.0.0.1", 0), witness, record, lambda _: None)
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield lambda: server
        server.shutdown()
        server.server_close()


def test_who_sends_slowly_or_nothing_is_hung_up_on(here: Callable[..., witness_server.WitnessServer]) -> None:
    address = ("127.0.0.1", here().server_port)
    for start in (
        b"",
        b"POST /add-checkpoint HTTP/1.1\r\n",
        b"POST /add-checkpoint HTTP/1.1\r\ncontent-length: 9\r\n\r\n",
    ):
        with socket.create_connection(address, timeout=PATIENCE) as connection:
            connection.sendall(start)
            while connection.recv(1000):
                pass  # until it is closed; without a bound it never is


def test_a_drop_at_a_time_does_not_hold_a_place(here: Callable[..., witness_server.WitnessServer]) -> None:
    """Each drop in time, all of them never: the time is the whole request's."""
    with socket.create_connection(("127.0.0.1", here().server_port), timeout=PATIENCE) as connection:
        connection.sendall(b"POST /add-checkpoint HTTP/1.1\r\ncontent-length: 1000000\r\n\r\n")
        for _ in range(60):
            with suppress(ConnectionError):
                connection.sendall(b"x")
            if select.select([connection], [], [], 0.1)[0]:
                break  # it hung up, or said that it does
        else:
            pytest.fail("sixty drops were waited for")


def test_more_than_are_served_at_once_are_hung_up_on(
    here: Callable[..., witness_server.WitnessServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(witness_server, "_REQUEST_SECONDS", PATIENCE)  # none of them goes by itself
    address = ("127.0.0.1", here().server_port)
    one, two = socket.create_connection(address), socket.create_connection(address)
    with one, two, socket.create_connection(address, timeout=PATIENCE) as third:
        answer = b""
        with suppress(ConnectionError):
            third.sendall(b"GET / HTTP/1.1\r\nhost: w\r\n\r\n")
            answer = third.recv(100)
        assert answer == b""
        one.sendall(b"GET / HTTP/1.1\r\nhost: w\r\n\r\n")
        assert one.recv(100).startswith(b"HTTP/1.1 404 ")


def test_a_log_is_cosigned_by_one_process_alone(paas: Paas, running: Running) -> None:
    folder = running.folder
    options = ("--key", str(folder / "w.key"), "--listen", "127.0.0.1:0", "--log", a_key().text)
    result = paas("witness", *options, "--state", str(folder / "kept"))
    assert result.exit_code == 1
    assert "Another witness keeps its state in" in result.err


def test_what_can_not_be_read_is_not_begun_anew(
    running: Running, paas: Paas, logs: tuple[WrittenLog, WrittenLog]
) -> None:
    log = logs[0]
    running.add(grown(log, 2))
    (file,) = [each for each in (running.folder / "kept").iterdir() if len(each.name) == 64]
    file.write_bytes(b"damaged")
    assert running.add(body_of(log))[0] == 500
    running.kill()
    options = ("--key", str(running.folder / "w.key"), "--listen", "127.0.0.1:0", "--log", log.key.text)
    result = paas("witness", *options, "--state", str(running.folder / "kept"))
    assert result.exit_code == 1
    assert "can't be read" in result.err


def test_nothing_is_cosigned_that_is_not_kept(tmp_path: Path) -> None:
    with Record(str(tmp_path)) as record:
        log = WrittenLog()
        notes = [log.grow([b"x"]).encoded() for _ in range(2)]
        first, second = (Kept(size, log.root(size), note) for size, note in enumerate(notes, start=1))
        assert record.replace(log.key.name, before=None, after=first)
        assert not record.replace(log.key.name, before=None, after=second), "another was faster"
        assert record.latest(log.key.name) == first
        assert record.replace(log.key.name, before=first, after=second)


def test_a_key_is_private_new_and_one(paas: Paas, tmp_path: Path) -> None:
    file = tmp_path / "w.key"
    made = paas("witness", "--key", str(file), "--make-key", NAME)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    secret = file.read_text(encoding="utf-8")
    assert secret.startswith(f"PRIVATE+KEY+{NAME}+")
    # A plus may be in the base64 as well.
    assert secret.strip().split("+", 4)[4] not in made.out + made.err
    again = paas("witness", "--key", str(file), "--make-key", NAME)
    assert again.exit_code == 1
    assert "is there already" in again.err
    options = ("--listen", "127.0.0.1:0", "--log", a_key().text, "--state", str(tmp_path / "kept"))
    for bad in ("", "PRIVATE+KEY+x", secret.replace(NAME, "other.example/w1"), secret[:-20]):
        file.write_text(bad, encoding="utf-8")
        result = paas("witness", "--key", str(file), *options)
        assert result.exit_code == 1
        assert "holds no key of a witness" in result.err
    file.write_text(secret, encoding="utf-8")
    file.chmod(0o644)
    assert "others could read it" in paas("witness", "--key", str(file), *options).err
    assert paas("witness", "--key", str(tmp_path / "none"), *options).exit_code == 1
    assert paas("witness", "--key", str(tmp_path / "k2"), "--make-key", "two words").exit_code == 1


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--listen", "127.0.0.1:1"),
        ("--make-key", "w", "--state", "kept"),
        ("--listen", "x", "--state", "kept", "--log", a_key().text),
        ("--listen", "127.0.0.1:1", "--state", "kept", "--log", "x"),
    ],
)
def test_what_is_missing_or_too_much_is_misuse(paas: Paas, options: tuple[str, ...]) -> None:
    assert paas("witness", "--key", "w.key", *options).exit_code == 2

"""What can go wrong with a Cloud KMS, as data: each fault, and whether reads and writes can go on with it.

A fault that harms reads harms writes as well: a new key is used only once it was seen to unwrap.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from threading import Event, Thread
from typing import Any, Final

import grpc

from services.secrets.keys.kms import tenant_key
from services.secrets.keys.kms.gcp import crypto_key_id
from tests.fakes.cloud_kms import KEY_RING, FakeCloudKms, Fault
from tests.fakes.cloud_kms.messages import CryptoKeyVersion, crc32c

_AWAY: Final = grpc.StatusCode.UNAVAILABLE
_OTHER_RING: Final = KEY_RING.replace("paas", "other")
_OWN: Final = "/cryptoKeyVersions/1"


@dataclass(frozen=True)
class Known:
    """A fault and what it may harm. `happens` has it happen until the end of the block."""

    what: str
    happens: Callable[[FakeCloudKms], AbstractContextManager[None]]
    reads: bool
    writes: bool

    def __str__(self) -> str:
        return self.what


def _of(fault: Fault, *, reads: bool = True, writes: bool = True) -> Known:
    return Known(str(fault), lambda cloud: cloud.wrong(fault), reads, writes)


def _statuses() -> Iterator[Known]:
    for method in ("Encrypt", "Decrypt", "CreateCryptoKey"):
        for status in grpc.StatusCode:
            if status is not grpc.StatusCode.OK:
                fault = Fault(method=method, what=f"fails with {status.name}", status=status)
                yield _of(fault, reads=method != "Decrypt", writes=False)
        for times in (1, 2, 3):
            yield _of(Fault(method=method, what=f"is away {times}x", status=_AWAY, times=times))
        yield _of(Fault(method=method, what="lags", lags=True), reads=method != "Decrypt", writes=False)
        fault = Fault(method=method, what="answers with what is no message", garbled=True)
        yield _of(fault, reads=method != "Decrypt", writes=False)


def _set_name(name: str) -> Callable[[Any], None]:
    def change(answer: Any) -> None:
        answer.name = name

    return change


def _flip(field: str, bit: int = 0) -> Callable[[Any], None]:
    """Flip a bit and leave the checksum as it is."""

    def change(message: Any) -> None:
        data = bytearray(getattr(message, field))
        data[0] ^= 1 << bit
        setattr(message, field, bytes(data))

    return change


def _cut(field: str) -> Callable[[Any], None]:
    """Take the last byte off and leave the checksum as it is."""
    return lambda message: setattr(message, field, getattr(message, field)[:-1])


def _instead(field: str, data: bytes) -> Callable[[Any], None]:
    """Put something else, with the checksum that fits it."""

    def change(message: Any) -> None:
        setattr(message, field, data)
        getattr(message, f"{field}_crc32c").value = crc32c(data)

    return change


def _wrong_sum(field: str) -> Callable[[Any], None]:
    def change(message: Any) -> None:
        getattr(message, f"{field}_crc32c").value ^= 1

    return change


def _without(*fields: str) -> Callable[[Any], None]:
    def change(message: Any) -> None:
        for field in fields:
            message.ClearField(field)

    return change


def _lies() -> Iterator[Known]:
    other = f"{KEY_RING}/cryptoKeys/{crypto_key_id(tenant_key('initech'))}"
    mine = f"{KEY_RING}/cryptoKeys/{crypto_key_id(tenant_key('globex'))}"
    seen: list[bytes] = []

    def keep_and_show(asked: Any) -> None:
        seen.append(bytes(asked.plaintext))

    def show(answer: Any) -> None:
        _instead("ciphertext", b"v1" + seen[-1])(answer)

    encrypt: dict[str, Callable[[Any], None]] = {
        "answers with a wrong checksum": _wrong_sum("ciphertext"),
        "answers without a checksum": _without("ciphertext_crc32c"),
        "answers with a changed ciphertext": _flip("ciphertext"),
        "answers with a ciphertext of another key": _flip("ciphertext", 7),
        "answers with a ciphertext cut short": _cut("ciphertext"),
        "answers with nothing, and its checksum": _instead("ciphertext", b""),
        "answers with no ciphertext": _without("ciphertext"),
        "answers with something else, and its checksum": _instead("ciphertext", os.urandom(68)),
        "answers with zeros, and their checksum": _instead("ciphertext", bytes(68)),
        "did not verify the plaintext": _without("verified_plaintext_crc32c"),
        "did not verify the context": _without("verified_additional_authenticated_data_crc32c"),
        "verified nothing": _without("verified_plaintext_crc32c", "verified_additional_authenticated_data_crc32c"),
        "answers for another key": _set_name(other + _OWN),
        "answers for a key in another ring": _set_name(mine.replace(KEY_RING, _OTHER_RING) + _OWN),
        "answers for a key whose name only begins so": _set_name(mine + "x" + _OWN),
        "answers for no version": _set_name(mine),
        "answers for nothing": _set_name(""),
    }
    for what, answered in encrypt.items():
        yield _of(Fault(method="Encrypt", what=what, answered=answered), writes=False)
    yield _of(
        Fault(method="Encrypt", what="answers with the plaintext", asked=keep_and_show, answered=show), writes=False
    )
    decrypt: dict[str, Callable[[Any], None]] = {
        "answers with a wrong checksum": _wrong_sum("plaintext"),
        "answers without a checksum": _without("plaintext_crc32c"),
        "answers with a changed plaintext": _flip("plaintext"),
        "answers with a plaintext cut short": _cut("plaintext"),
        "answers with no plaintext": _without("plaintext"),
        "answers with nothing, and its checksum": _instead("plaintext", b""),
        "answers with another key, and its checksum": _instead("plaintext", os.urandom(32)),
        "answers with zeros, and their checksum": _instead("plaintext", bytes(32)),
        "answers with a shorter key, and its checksum": _instead("plaintext", os.urandom(31)),
        "answers with a longer key, and its checksum": _instead("plaintext", os.urandom(33)),
    }
    for what, answered in decrypt.items():
        yield _of(Fault(method="Decrypt", what=what, answered=answered), reads=False, writes=False)
    for what, name in {"answers for another key": other, "answers for nothing": ""}.items():
        yield _of(Fault(method="CreateCryptoKey", what=what, answered=_set_name(name)), writes=False)


def _corrupted() -> Iterator[Known]:
    context = "additional_authenticated_data"
    encrypt: dict[str, Callable[[Any], None]] = {
        "gets another plaintext": _flip("plaintext"),
        "gets a plaintext cut short": _cut("plaintext"),
        "gets another context": _flip(context),
        "gets another checksum": _wrong_sum("plaintext"),
        "gets another checksum of the context": _wrong_sum(context),
        "gets no checksum": _without("plaintext_crc32c"),
        "gets no checksum of the context": _without(f"{context}_crc32c"),
        "gets another plaintext and no checksum": lambda asked: (
            _flip("plaintext")(asked),
            _without("plaintext_crc32c")(asked),
        )[0],
        "gets another plaintext and its checksum": _instead("plaintext", os.urandom(32)),
    }
    for what, asked in encrypt.items():
        yield _of(Fault(method="Encrypt", what=what, asked=asked), writes=False)
    decrypt: dict[str, Callable[[Any], None]] = {
        "gets another ciphertext": _flip("ciphertext"),
        "gets a ciphertext cut short": _cut("ciphertext"),
        "gets another context": _flip(context),
        "gets another checksum": _wrong_sum("ciphertext"),
        "gets another ciphertext and its checksum": _instead("ciphertext", os.urandom(68)),
    }
    for what, asked in decrypt.items():
        yield _of(Fault(method="Decrypt", what=what, asked=asked), reads=False, writes=False)
    # Google's answer says nothing of it, and what it unwraps is the right key all the same.
    yield _of(Fault(method="Decrypt", what="gets no checksum", asked=_without("ciphertext_crc32c")))


@contextmanager
def _gone(cloud: FakeCloudKms) -> Iterator[None]:
    cloud.stop()
    try:
        yield
    finally:
        cloud.start()


@contextmanager
def _gone_when_asked(cloud: FakeCloudKms) -> Iterator[None]:
    """It goes while it is asked, and takes the question with it."""
    goes = Thread(target=cloud.stop)

    def go(_: Any) -> None:
        if goes.ident is None:
            goes.start()
        Event().wait(1)

    with cloud.wrong(Fault(method="Decrypt", what="is asked, and the KMS goes", asked=go)):
        try:
            yield
        finally:
            goes.join()
            cloud.start()


@contextmanager
def _without_its_ring(cloud: FakeCloudKms) -> Iterator[None]:
    rings, cloud.keys.rings = cloud.keys.rings, set()
    try:
        yield
    finally:
        cloud.keys.rings = rings


@contextmanager
def _disabled(cloud: FakeCloudKms, state: int) -> Iterator[None]:
    version = cloud.keys.versions[f"{KEY_RING}/cryptoKeys/{crypto_key_id(tenant_key('acme'))}{_OWN}"]
    version.state = state
    try:
        yield
    finally:
        version.state = CryptoKeyVersion.ENABLED


def _states() -> Iterator[Known]:
    yield Known("the KMS is gone", _gone, reads=False, writes=False)
    yield Known("the KMS goes while it is asked", _gone_when_asked, reads=False, writes=False)
    yield Known("the key ring is gone", _without_its_ring, reads=True, writes=False)
    for state in ("DISABLED", "DESTROY_SCHEDULED", "DESTROYED"):
        number = CryptoKeyVersion.CryptoKeyVersionState.Value(state)
        yield Known(f"a tenant's key is {state}", partial(_disabled, state=number), reads=False, writes=True)


FAULTS: Final = (*_statuses(), *_lies(), *_corrupted(), *_states())

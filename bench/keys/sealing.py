"""Sealing and opening one value of 1 KiB, without any I/O, beside AES-256-GCM with a key that is there already."""

import os
import time
from collections.abc import Callable

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bench.load import Ratio, at_least, medians
from paaskit.redact import Plaintext
from services.secrets.keys.envelope import Place, TenantKey, seal, unseal

_BYTES = 1024
_SECONDS = 0.5
_PAIRS = 7


def sealing() -> list[Ratio]:
    """Both, each against the same bytes through the cipher alone."""
    key, place = TenantKey(1, os.urandom(32)), Place(tenant="acme", app_id="a1", name="KEY", version=1)
    plaintext, cipher, aad = Plaintext("x" * _BYTES), AESGCM(os.urandom(32)), b"a place"
    sealed, nonce = seal(key, place, plaintext), os.urandom(12)
    ciphertext, raw = cipher.encrypt(nonce, b"x" * _BYTES, aad), b"x" * _BYTES
    return [
        _ratio("sealing 1 KiB", lambda: seal(key, place, plaintext), lambda: cipher.encrypt(os.urandom(12), raw, aad)),
        _ratio("opening 1 KiB", lambda: unseal(key, place, sealed), lambda: cipher.decrypt(nonce, ciphertext, aad)),
    ]


def _ratio(measure: str, ours: Callable[[], object], theirs: Callable[[], object]) -> Ratio:
    pairs = [(_rate(ours), _rate(theirs)) for _ in range(_PAIRS + 1)]
    return at_least(medians(pairs[1:]), measure=measure, against="AES-256-GCM alone", unit="per s", reach=0.05)


def _rate(work: Callable[[], object]) -> float:
    done, start = 0, time.perf_counter()
    while (now := time.perf_counter()) < start + _SECONDS:
        for _ in range(100):
            work()
        done += 100
    return done / (now - start)

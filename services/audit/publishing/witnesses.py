"""Asking witnesses to cosign a checkpoint before it is published (c2sp.org/tlog-witness).

Which ones stands in a file of c2sp.org/tlog-policy, in whose lines they have an address. They are asked all at once and
for a moment: a checkpoint is published with the cosignatures that came, since how many it takes is what readers decide.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx

from paaskit import metrics
from paaskit.ed25519 import Ed25519
from paaskit.settings import SettingsError
from services.audit.publishing.growth import Head
from transparency.encoding import base64_of, decimal
from transparency.failures import NotVerified
from transparency.merkle.proofs import consistency_proof
from transparency.notes import signed
from transparency.notes.keys import Kind, VerifierKey, parsed_key
from transparency.notes.signed import Signature, SignedNote
from transparency.tiles.reader import Fetch, TileReader

# Seconds for all of them; a checkpoint is due within one.
_PATIENCE_SECONDS: Final = 0.5
_MOST_BYTES: Final = 16 * 1024
# Sizes that are remembered, for each witness and log; of others it says which it has.
_MOST_REMEMBERED: Final = 4096


@dataclass(frozen=True)
class Witness:
    """One that is asked: its key, and where it takes checkpoints."""

    key: VerifierKey
    url: str


class Witnesses:
    """Asks witnesses. `client` waits for nobody longer than it should, and all together have `patience` seconds."""

    def __init__(
        self, witnesses: Sequence[Witness], client: httpx.AsyncClient, *, patience: float = _PATIENCE_SECONDS
    ) -> None:
        self._witnesses = witnesses
        self._client = client
        self._patience = patience
        self._sizes: OrderedDict[tuple[str, str], int] = OrderedDict()

    async def cosignatures(self, note: SignedNote, head: Head, *, origin: str, fetch: Fetch) -> list[Signature]:
        """Return the cosignatures of a checkpoint that came in time, each verified. `fetch` reads the log's tiles."""
        if not self._witnesses:
            return []
        reader = TileReader(fetch, size=head.size, root=head.root)
        asked = [asyncio.create_task(self._ask(each, note, head, origin, reader)) for each in self._witnesses]
        await asyncio.wait(asked, timeout=self._patience)
        for task in asked:
            task.cancel()
        answers = await asyncio.gather(*asked, return_exceptions=True)
        return [answer for answer in answers if isinstance(answer, Signature)]

    async def _ask(
        self, witness: Witness, note: SignedNote, head: Head, origin: str, reader: TileReader
    ) -> Signature | None:
        """Return a witness's cosignature, None where it gives none. What it has seen already it says once."""
        known, outcome = (witness.key.text, origin), "refused"
        try:
            for _ in range(2):
                old_size = min(self._sizes.get(known, 0), head.size)
                proof = await asyncio.to_thread(consistency_proof, old_size, head.size, reader.hashes)
                lines = [f"old {old_size}", *map(base64_of, proof), "", ""]
                status, body = await self._post(witness.url, "\n".join(lines).encode() + note.encoded())
                if status == httpx.codes.OK:
                    cosignature = _verified(body, note, witness.key)
                    self._remember(known, head.size)
                    outcome = "cosigned"
                    return cosignature
                if status != httpx.codes.CONFLICT:
                    return None
                self._remember(known, decimal(body.decode("ascii", errors="replace").strip()))
        except NotVerified:
            outcome = "wrong"
        except httpx.HTTPError:
            outcome = "away"
        except asyncio.CancelledError:
            outcome = "late"
            raise
        finally:
            metrics.WITNESSES_ASKED.labels(outcome).inc()
        return None

    async def _post(self, url: str, body: bytes) -> tuple[int, bytes]:
        async with self._client.stream("POST", url, content=body) as answer:
            received = b""
            async for chunk in answer.aiter_bytes():
                received += chunk
                if len(received) > _MOST_BYTES:
                    raise httpx.DecodingError("too long")
            return answer.status_code, received

    def _remember(self, known: tuple[str, str], size: int) -> None:
        self._sizes[known] = size
        self._sizes.move_to_end(known)
        while len(self._sizes) > _MOST_REMEMBERED:
            self._sizes.popitem(last=False)


def load_witnesses(path: str) -> list[Witness]:
    """Return the witnesses of a policy that have an address; none without a path. Raises SettingsError."""
    if not path:
        return []
    found = []
    try:
        for line in Path(path).read_text(encoding="utf-8").splitlines():
            match line.split():
                case ["witness", _, key, url]:
                    found.append(Witness(parsed_key(key), _add_checkpoint(url)))
    except (OSError, UnicodeDecodeError, NotVerified):
        raise SettingsError("PAAS_LOG_WITNESSES_FILE: it is no policy with witnesses as tlog-policy has it") from None
    if not found or any(witness.key.kind is not Kind.COSIGNATURE for witness in found):
        raise SettingsError("PAAS_LOG_WITNESSES_FILE: it has no witness with a key for cosignatures and an address")
    return found


def witness_client() -> httpx.AsyncClient:
    """Return what asks witnesses: no proxy of the environment, no redirects."""
    return httpx.AsyncClient(timeout=_PATIENCE_SECONDS, trust_env=False)


def _add_checkpoint(url: str) -> str:
    if not url.startswith(("https://", "http://127.0.0.1:", "http://[::1]:", "http://localhost:")):
        raise SettingsError("PAAS_LOG_WITNESSES_FILE: a witness's address has to begin with https://")
    return f"{url.rstrip('/')}/add-checkpoint"


def _verified(body: bytes, note: SignedNote, key: VerifierKey) -> Signature:
    """Return the line of an answer that `key` has signed. Raises NotVerified where there is none."""
    for line in body.decode("utf-8", errors="replace").splitlines():
        signature = signed.parsed_signature(line)
        if (signature.name, signature.key_id) == (key.name, key.key_id):
            signed.verified(SignedNote(note.text, (signature,)), [key], Ed25519())
            return signature
    raise NotVerified("the answer has no cosignature of the witness that was asked")

"""A log whose first entries were dropped, and not their hashes: what programs make of it that know of no pruning.

Ours verifies it from the first entry there is. Others want all entries, or verify receipts, which need none.
"""

from pathlib import Path

import pytest

from paaskit.ed25519 import Ed25519
from tests.fixtures.written_log import Folder, WrittenLog, an_entry
from tests.foreign_verifiers import verdicts
from tests.foreign_verifiers.programs import Programs
from tests.foreign_verifiers.serving import served
from tests.foreign_verifiers.verdicts import Log
from transparency.failures import Misfit
from transparency.merkle.proofs import inclusion_proof
from transparency.receipts import Receipt
from transparency.tiles.paths import CHECKPOINT
from transparency.verification import verify_log

_SIZE, _DROPPED = 700, 600


def test_others_take_a_log_without_its_first_entries_for_broken_and_its_receipts_for_good(
    programs: Programs, tmp_path: Path
) -> None:
    files = Folder(tmp_path / "log")
    log = WrittenLog(files)
    earlier = tmp_path / "earlier"
    earlier.write_bytes(log.grow([an_entry(at) for at in range(300)]).encoded())
    log.grow([an_entry(at) for at in range(300, _SIZE)])
    key_file, receipt, entry = tmp_path / "key", tmp_path / "receipt", tmp_path / "entry"
    key_file.write_text(log.key.text)
    for bundle in range(_DROPPED // 256):
        del files[f"tile/entries/{bundle:03d}"]

    assert verify_log(log.fetch, key=log.key, ed25519=Ed25519(), first_entry=_DROPPED).checkpoint.size == _SIZE
    with pytest.raises(Misfit, match="tile/entries/000 is not there"):
        verify_log(log.fetch, key=log.key, ed25519=Ed25519())
    with served(lambda path: files.get(path[1:])) as url:
        where = Log(f"{url}/", earlier)
        assert not verdicts.of_fsck(programs, key_file, where, patience=verdicts.FSCK_GIVES_UP).accepted
        for verdict in (*verdicts.of_go(programs, log.key, [where]), *verdicts.of_aics(programs, log.key, [where])):
            assert not verdict.accepted
            assert "entries" in verdict.text or "404" in verdict.text
    for index in (0, 7, _DROPPED, _SIZE - 1):
        proof = inclusion_proof(index, _SIZE, log.trusted_reader().hashes)
        receipt.write_bytes(Receipt(index, tuple(proof), files[CHECKPOINT]).encoded())
        entry.write_bytes(an_entry(index))
        assert verdicts.of_receipt(programs, log.key, receipt, entry).accepted

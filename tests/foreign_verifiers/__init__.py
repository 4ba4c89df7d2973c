"""Programs that no one here wrote read logs of ours, over HTTP: they accept what is right and refuse what was changed.

Four of them, built once and kept outside the clone (`programs.py`):

- `verifier` (`go/`), our few lines around golang.org/x/mod/sumdb/{note,tlog} and transparency-dev's formats, merkle and
  tessera/client, which do all of the verifying;
- `fsck` of tessera, as it is;
- aics-tlog from PyPI, in an environment of its own (`aics_audit.py` is run by its Python).

`test_agreement.py` has logs of many sizes, one that grows while it is read, receipts and cosignatures;
`test_tampering.py` 5,000 random changes, each of which ours must refuse, and one of the others at least. Who writes the
log is a `Publisher` (`publisher.py`), here one in memory or in a folder.
"""

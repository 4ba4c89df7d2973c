"""What lies in the state folder before the first process starts: made once, and the same at every later start.

Leaves out PostgreSQL itself (test_postgres.py) and the certificates (test_certificates.py).
"""

import shutil
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from local.layout import Layout
from local.preparation import prepare

NOW = datetime.now(UTC)


@pytest.fixture
def layout() -> Iterator[Layout]:
    """A state folder that PostgreSQL's user can get to."""
    folder = Path(tempfile.mkdtemp(prefix="paas test "))
    folder.chmod(0o755)
    yield Layout(folder / ".paas")
    shutil.rmtree(folder)


def _kept(layout: Layout) -> dict[str, bytes]:
    """Everything without which what is stored could not be read or reached any more."""
    files = [layout.kms_key, layout.signing_key, *sorted(layout.passwords.iterdir()), *sorted(layout.tls.iterdir())]
    return {path.relative_to(layout.root).as_posix(): path.read_bytes() for path in files}


def test_keys_passwords_and_certificates_outlive_a_restart(layout: Layout) -> None:
    prepare(layout, now=NOW)
    before = _kept(layout)
    assert {"keys/kms.key", "keys/signing.pem", "passwords/postgres", "passwords/config_owner"} <= set(before)
    assert len(set(before.values())) == len(before), "no two are alike"
    prepare(layout, now=NOW)
    assert _kept(layout) == before

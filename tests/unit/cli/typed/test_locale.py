"""What a file holds is UTF-8 whatever the locale says: in a process of its own, with the locale of cron and of Docker.

Of `.paas.toml`, the byte order mark that editors put there, and the line that is no UTF-8.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from paas_cli import project
from paas_cli.errors import Failure
from tests.fakes.gateway import TOKEN
from tests.fakes.platform import Platform
from tests.fixtures.waiting import PATIENCE

VALUES = {"A": "grün ☃", "B": "日本"}
# Without these, Python takes UTF-8 in place of the C locale by itself (PEP 538, PEP 540).
LOCALES = [{"LC_ALL": "C"}, {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}, {"LC_ALL": "POSIX"}]


@pytest.mark.parametrize("locale", LOCALES, ids=" ".join)
def test_a_file_goes_in_and_out_in_any_locale(platform: Platform, tmp_path: Path, locale: dict[str, str]) -> None:
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "PAAS_GATEWAY": platform.gateway.address,
        "PAAS_TOKEN": TOKEN,
        "PAAS_APP": "web",
        **locale,
    }

    def paas(*arguments: str) -> bytes:
        command = [sys.executable, "-m", "paas_cli", *arguments]
        done = subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, timeout=PATIENCE, check=True)
        return done.stdout

    (tmp_path / "f.env").write_bytes("".join(f"{name}='{value}'\n" for name, value in VALUES.items()).encode())
    paas("config:import", "f.env", "--no-wait")
    assert platform.apps["web"].vars == VALUES
    paas("config:export", "-o", "out.env")
    assert (tmp_path / "out.env").read_bytes() == (tmp_path / "f.env").read_bytes() == paas("config:export")


def test_a_project_file_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    (tmp_path / ".paas.toml").write_bytes(b'\xef\xbb\xbfapp = "web"\r\n')
    found = project.nearest(str(tmp_path))
    assert found is not None
    assert found.app == "web"


def test_a_project_file_that_is_not_utf8_is_refused_with_its_line(tmp_path: Path) -> None:
    (tmp_path / ".paas.toml").write_bytes('app = "web"\n# grün\n'.encode("latin-1"))
    with pytest.raises(Failure, match=r"Line 2 of .*\.paas\.toml is not UTF-8 text"):
        project.nearest(str(tmp_path))

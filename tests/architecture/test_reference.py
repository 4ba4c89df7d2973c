"""What is generated from the commands is what they are now, and can be read."""

import shutil
import subprocess
from pathlib import Path

import pytest

from reference.__main__ import HERE, WRITTEN

MAN_PAGE = HERE / "share/man/man1/paas.1"


@pytest.mark.parametrize("name", sorted(WRITTEN))
def test_it_is_as_the_commands_are(name: str) -> None:
    assert (HERE / name).read_text(encoding="utf-8") == WRITTEN[name](), "run `make gen`"


def test_the_man_page_names_no_machine() -> None:
    assert str(Path.cwd()) not in MAN_PAGE.read_text(encoding="utf-8")


@pytest.mark.skipif(shutil.which("groff") is None, reason="groff is not installed")
def test_the_man_page_is_well_formed() -> None:
    done = subprocess.run(
        ["groff", "-t", "-man", "-Tutf8", "-ww", MAN_PAGE], capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    assert "PAAS_GATEWAY" in done.stdout

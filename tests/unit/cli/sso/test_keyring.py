"""Where a refresh token is kept: the system's keyring where one works, else the file."""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import keyring
import pytest

from tests.fakes.oidc_issuer import OidcIssuer
from tests.unit.cli.conftest import Paas, Result
from tests.unit.cli.sso.conftest import kept, kept_files, let_pass

Login = Callable[..., Result]


@pytest.fixture
def ring(tmp_path: Path, issuer: OidcIssuer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Path]]:
    """`ring("FileKeyring")` has that be the system's keyring; the folder it keeps things in."""
    before = keyring.get_keyring()
    folder = tmp_path / "keyring"
    folder.mkdir()
    monkeypatch.setenv("FAKE_KEYRING", str(folder))

    def chosen(name: str) -> Path:
        from tests.fakes import keyring_backend

        keyring.set_keyring(getattr(keyring_backend, name)())
        return folder

    yield chosen
    keyring.set_keyring(before)


def test_a_refresh_token_is_in_the_keyring_and_in_no_file(
    ring: Callable[[str], Path], login: Login, paas: Paas, home: Path, issuer: OidcIssuer
) -> None:
    folder = ring("FileKeyring")
    result = login()
    assert "kept in the system's keyring" in result.out
    (entry,) = folder.iterdir()
    assert "refresh_token" not in kept(home).read_text()
    assert entry.read_text() not in kept(home).read_text()
    assert json.loads(paas("whoami", "--json").out)["sign_in"]["kept_in"] == "keyring"
    before = entry.read_text()
    let_pass(home)
    assert paas("config").exit_code == 0
    assert entry.read_text() != before
    assert "has ended" in paas("logout").out
    assert list(folder.iterdir()) == []
    assert kept_files(home) == []


@pytest.mark.parametrize("name", ["LockedKeyring", "ForgetfulKeyring", "PlainKeyring"])
def test_one_that_does_not_work_is_none(
    ring: Callable[[str], Path], login: Login, paas: Paas, home: Path, name: str
) -> None:
    folder = ring(name)
    result = login()
    assert (result.exit_code, "which only you can read" in result.out) == (0, True)
    assert list(folder.iterdir()) == []
    let_pass(home)
    assert paas("config").exit_code == 0


def test_one_that_is_lost_later_means_signing_in_again(
    ring: Callable[[str], Path], login: Login, paas: Paas, home: Path
) -> None:
    ring("FileKeyring")
    login()
    ring("LockedKeyring")
    assert paas("config").exit_code == 0  # the access token is good yet
    let_pass(home)
    result = paas("config")
    assert result.exit_code == 3
    assert "keyring" in result.err
    assert "Sign in again: `paas login`" in result.err
    ring("FileKeyring")  # unlocked again
    assert paas("config").exit_code == 0


def test_without_the_package_there_is_none(login: Login, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    result = login()
    assert (result.exit_code, "which only you can read" in result.out) == (0, True)
    assert "refresh_token" in kept(home).read_text()


def test_a_profile_with_another_name_is_signed_in_as_before(
    ring: Callable[[str], Path], login: Login, paas: Paas, home: Path
) -> None:
    folder = ring("FileKeyring")
    login("--profile", "work")
    assert paas("auth:rename", "work", "acme").exit_code == 0
    (file,) = kept_files(home)
    assert file.name.startswith("acme@")
    assert len(list(folder.iterdir())) == 1
    let_pass(home)
    assert paas("config").exit_code == 0  # renewed with the refresh token, wherever that is now
    assert json.loads(paas("auth", "--json").out)["profiles"][0]["kind"] == "device"

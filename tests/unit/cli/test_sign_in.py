"""Signing in and out, and which file of profiles is believed.

The file next to a `.paas.toml` is the dangerous one: a cloned repository could bring it.
"""

import os
import tomllib
from pathlib import Path

import pytest

from tests.fakes.gateway import TOKEN
from tests.fakes.platform import Platform
from tests.unit.cli.conftest import Paas

ENDS = "2026-05-08T13:42:00Z"


def own_file(home: Path) -> Path:
    return home / ".config" / "paas" / "config.toml"


def written(path: Path, gateway: str, *, mode: int = 0o600, token: str = TOKEN) -> Path:
    """A profile file with one profile, `local`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'default = "local"\n[profiles.local]\ngateway = "{gateway}"\ntoken = "{token}"\n')
    path.chmod(mode)
    return path


def test_login_checks_the_token_and_stores_it_for_the_user_alone(paas: Paas, platform: Platform, home: Path) -> None:
    address = platform.gateway.address
    result = paas("login", "--gateway", address, "--with-token", stdin=f"{TOKEN}\n".encode())
    assert result.exit_code == 0
    assert result.out == f"✓ Signed in to {address} as user:ada@example.com (profile default)\n"
    assert own_file(home).stat().st_mode & 0o777 == 0o600
    assert tomllib.loads(own_file(home).read_text()) == {
        "default": "default",
        "profiles": {
            "default": {"gateway": address, "token": TOKEN, "subject": "user:ada@example.com", "ends_at": ENDS}
        },
    }
    assert paas("config", "-a", "web").exit_code == 0


def test_a_token_that_is_refused_is_not_stored(paas: Paas, platform: Platform, home: Path) -> None:
    result = paas("login", "--gateway", platform.gateway.address, "--with-token", stdin=b"paas_pat_c4n4ry\n")
    assert result.exit_code == 3
    assert "c4n4ry" not in result.err
    assert not own_file(home).exists()


def test_login_reads_a_token_only_where_it_is_told_to(paas: Paas, platform: Platform) -> None:
    assert paas("login", "--gateway", platform.gateway.address, stdin=TOKEN.encode()).exit_code == 3
    assert paas("login", "--token", "--web", stdin=TOKEN.encode()).exit_code == 2
    assert platform.gateway.seen == []
    assert paas("login", "--with-token", stdin=TOKEN.encode()).exit_code == 2
    assert paas("login", "--gateway", platform.gateway.address, "--with-token").exit_code == 1


def test_logout_forgets_the_token_and_keeps_the_rest(paas: Paas, platform: Platform, home: Path) -> None:
    written(own_file(home), platform.gateway.address)
    assert paas("logout").out == "Signed out (profile local)\n"
    text = own_file(home).read_text()
    assert TOKEN not in text
    assert platform.gateway.address in text
    assert paas("config", "-a", "web").exit_code == 3
    assert paas("logout").out == "Profile local was not signed in\n"


def test_a_token_from_the_environment_wins_and_is_never_written(
    paas: Paas, platform: Platform, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(own_file(home), platform.gateway.address, token="paas_pat_stale")
    monkeypatch.setenv("PAAS_TOKEN", TOKEN)
    assert paas("config", "-a", "web").exit_code == 0
    platform.gateway.tokens.add("paas_pat_other")
    login = paas("login", "--with-token", stdin=b"paas_pat_other\n")
    assert login.exit_code == 0
    assert "PAAS_TOKEN is set" in login.err
    assert TOKEN not in own_file(home).read_text()


def test_profiles_are_chosen_by_flag_then_variable_then_default(
    paas: Paas, platform: Platform, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(own_file(home), "http://127.0.0.1:1")
    text = own_file(home).read_text()
    own_file(home).write_text(f'{text}[profiles.other]\ngateway = "{platform.gateway.address}"\ntoken = "{TOKEN}"\n')
    assert paas("config", "-a", "web").exit_code == 5
    assert paas("config", "-a", "web", "--profile", "other").exit_code == 0
    monkeypatch.setenv("PAAS_PROFILE", "other")
    assert paas("config", "-a", "web").exit_code == 0
    result = paas("config", "-a", "web", "--profile", "nope")
    assert result.exit_code == 2
    assert "profiles there: local, other" in result.err


def test_xdg_config_home(paas: Paas, platform: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    written(tmp_path / "xdg" / "paas" / "config.toml", platform.gateway.address)
    assert paas("config", "-a", "web").exit_code == 0


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666])
def test_a_file_that_others_can_touch_is_refused(paas: Paas, platform: Platform, home: Path, mode: int) -> None:
    written(own_file(home), platform.gateway.address, mode=mode)
    result = paas("config", "-a", "web")
    assert result.exit_code == 1
    assert f"mode {mode:04o}" in result.err
    assert "chmod 600" in result.err
    assert platform.gateway.seen == []


def test_a_broken_file_is_named_with_its_line_and_not_quoted(paas: Paas, home: Path) -> None:
    written(own_file(home), "x").write_text('default = "local"\ntoken = c4n4ry\n')
    result = paas("config", "-a", "web")
    assert result.exit_code == 1
    assert "config.toml can't be read as TOML at line 2" in result.err
    assert "c4n4ry" not in result.err


def test_a_project_file_of_this_user_is_used_in_place_of_the_users_own(
    paas: Paas, platform: Platform, home: Path
) -> None:
    written(own_file(home), "http://127.0.0.1:1")
    written(Path(".paas/cli.toml"), platform.gateway.address)
    Path(".paas.toml").write_text('app = "web"\nprofiles = ".paas/cli.toml"\n')
    assert paas("config").exit_code == 0


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o400, 0o700, 0o755])
def test_a_project_file_needs_mode_0600_exactly(paas: Paas, platform: Platform, mode: int) -> None:
    written(Path(".paas/cli.toml"), platform.gateway.address, mode=mode)
    Path(".paas.toml").write_text('app = "web"\nprofiles = ".paas/cli.toml"\n')
    result = paas("config")
    assert result.exit_code == 1
    assert f"mode {mode:04o}" in result.err
    assert platform.gateway.seen == []


def test_a_project_file_may_not_be_a_link(paas: Paas, platform: Platform) -> None:
    target = written(Path("elsewhere.toml"), platform.gateway.address)
    Path(".paas").mkdir()
    Path(".paas/cli.toml").symlink_to(target.resolve())
    Path(".paas.toml").write_text('app = "web"\nprofiles = ".paas/cli.toml"\n')
    assert paas("config").exit_code == 1
    assert platform.gateway.seen == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_project_file_of_another_user_is_refused(paas: Paas, platform: Platform) -> None:
    os.chown(written(Path(".paas/cli.toml"), platform.gateway.address), 12345, 12345)
    Path(".paas.toml").write_text('app = "web"\nprofiles = ".paas/cli.toml"\n')
    result = paas("config")
    assert result.exit_code == 1
    assert "belongs to another user" in result.err
    assert platform.gateway.seen == []


def test_a_project_file_cannot_name_a_gateway_elsewhere(paas: Paas) -> None:
    """With a umask of 077 git makes files of mode 0600, so owner and mode alone prove too little."""
    written(Path(".paas/cli.toml"), "https://evil.example.com")
    Path(".paas.toml").write_text('app = "web"\nprofiles = ".paas/cli.toml"\n')
    for arguments in (("config",), ("login", "--with-token"), ("login", "--gateway", "https://evil.example.com")):
        result = paas(*arguments, stdin=TOKEN.encode())
        assert result.exit_code == 1
        assert "may only name a gateway on this machine" in result.err


@pytest.mark.parametrize("content", ["app = 1\n", 'profiles = ["x"]\n', "app = \n", "\xff"])
def test_a_broken_project_file_is_named(paas: Paas, content: str) -> None:
    Path(".paas.toml").write_bytes(content.encode("latin-1"))
    result = paas("config")
    assert result.exit_code == 1
    assert ".paas.toml" in result.err

"""Profiles: listed, switched, renamed, removed. Signing in to one is test_sign_in's and sso's."""

import json
import tomllib
from pathlib import Path

import pytest

from tests.fakes.gateway import TOKEN
from tests.fakes.platform import Platform
from tests.unit.cli.conftest import Paas

ENDS = "2026-05-08T13:42:00Z"


@pytest.fixture
def both(platform: Platform, paas: Paas) -> Platform:
    """Signed in as `work`, which is the default, and as `home`."""
    for name in ("work", "home"):
        login = ("login", "--profile", name, "--gateway", platform.gateway.address, "--with-token")
        assert paas(*login, stdin=TOKEN.encode()).exit_code == 0
    return platform


def config(home: Path) -> dict[str, object]:
    return tomllib.loads((home / ".config" / "paas" / "config.toml").read_text(encoding="utf-8"))


def test_the_list_says_which_is_used_and_why(
    paas: Paas, both: Platform, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    both.gateway.seen.clear()
    address, who = both.gateway.address, "user:ada@example.com"
    why = f"`default` in {home / '.config/paas/config.toml'}"
    assert paas("auth").lines == [
        f"work\t{address}\t{who}\ttoken\t{ENDS}\t{why}",
        f"home\t{address}\t{who}\ttoken\t{ENDS}\t-",
    ]
    assert paas("auth:list", "--profile", "home").lines[1].endswith("\t--profile")
    monkeypatch.setenv("PAAS_PROFILE", "home")
    assert paas("auth").lines[1].endswith("\tPAAS_PROFILE")
    monkeypatch.delenv("PAAS_PROFILE")
    Path(".paas.toml").write_text('profile = "home"\n', encoding="utf-8")
    assert paas("auth").lines[1].endswith(f"\t{Path('.paas.toml').resolve()}")
    assert TOKEN not in paas("auth", "--json").out
    assert both.gateway.seen == []  # what can't be reached is listed as well


def test_what_goes_before_all_of_them_is_told(paas: Paas, both: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAAS_TOKEN", TOKEN)
    assert "PAAS_TOKEN is set and goes before what is stored" in paas("auth").err
    monkeypatch.setenv("PAAS_GATEWAY", both.gateway.address)
    assert "go before every profile" in paas("auth").err
    document = json.loads(paas("auth", "--json").out)
    assert document["chosen"] is None
    assert not any(profile["used"] for profile in document["profiles"])


def test_without_any(paas: Paas) -> None:
    result = paas("auth")
    assert (result.exit_code, result.out) == (0, "")
    assert "`paas login --help`" in result.err


def test_another_is_used_from_then_on(paas: Paas, both: Platform, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert both.apps
    before = config(home)
    assert paas("auth:switch", "home").out == "✓ Profile home is used from now on\n"
    assert config(home) == {**before, "default": "home"}
    assert paas("auth:switch", "home").out == "Profile home is used already\n"
    missing = paas("auth:switch", "nowhere")
    assert missing.exit_code == 2
    assert "(profiles there: home, work)" in missing.err
    assert config(home)["default"] == "home"
    monkeypatch.setenv("PAAS_PROFILE", "home")
    assert "Here PAAS_PROFILE goes before it and names home." in paas("auth:switch", "work").err


def test_a_profile_gets_another_name(paas: Paas, both: Platform, home: Path) -> None:
    assert both.apps
    before = config(home)["profiles"]
    assert isinstance(before, dict)
    assert paas("auth:rename", "work", "acme").out == "✓ Profile work is now acme\n"
    assert config(home) == {"default": "acme", "profiles": {"acme": before["work"], "home": before["home"]}}
    assert paas("config", "-a", "web").exit_code == 0
    for old, new, words in (
        ("nowhere", "x", "There is no profile nowhere"),
        ("home", "acme", "There is a profile acme"),
        ("home", "../x", "A profile's name has letters"),
        ("home", "-", "A profile's name has letters"),
    ):
        result = paas("auth:rename", "--", old, new)
        assert result.exit_code == 2
        assert words in result.err
    assert set(before) - {"work"} < set(config(home)["profiles"])  # type: ignore[call-overload]


def test_a_profile_is_removed(paas: Paas, both: Platform, home: Path) -> None:
    assert both.apps
    assert paas("logout", "--profile", "work", "--remove").lines == [
        "Signed out (profile work)",
        "Removed profile work",
    ]
    assert config(home).keys() == {"profiles"}  # and no default that is not there
    assert "work" not in str(config(home))
    assert paas("logout", "--profile", "work", "--remove").exit_code == 2
    assert paas("logout", "--profile", "home", "--remove", "--json").exit_code == 0


def test_signing_out_forgets_who_it_was(paas: Paas, both: Platform, home: Path) -> None:
    assert both.apps
    paas("logout", "--profile", "home")
    assert "subject" not in config(home)["profiles"]["home"]  # type: ignore[index]
    assert paas("auth").lines[1].split("\t")[2:5] == ["-", "not signed in", "-"]

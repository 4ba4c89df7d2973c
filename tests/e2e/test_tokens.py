"""Who gets in, and how far: tokens that are damaged, expired, revoked, narrow or somebody else's.

Leaves out damaging tokens in every way (tokens' own tests) and calling every method as everybody (the access tests).
"""

from datetime import timedelta

import pytest

from tests.e2e.installation import Installation, Paas, as_superuser, config_of, events, eventually

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def make(paas: Paas, name: str, *options: str) -> Paas:
    """A new token of this person's; `paas` as whoever holds it."""
    created = paas.ok("tokens:create", "--name", name, *options)
    return paas.as_token(created.lines[1].partition("=")[2])


def refused(paas: Paas) -> bool:
    """Whether the token is not accepted at all."""
    run = paas("whoami")
    return (run.exit_code, run.out) == (3, "")


@pytest.mark.parametrize("place", [9, 20, 38, 39, 44])
def test_one_character_changed(ada: Paas, place: int) -> None:
    token = ada.environment["PAAS_TOKEN"]
    changed = ALPHABET[(ALPHABET.index(token[place]) + 1) % 62]
    assert refused(ada.as_token(token[:place] + changed + token[place + 1 :]))


def test_expired(ada: Paas, installation: Installation) -> None:
    short = make(ada, "short", "--ttl", "12h")
    assert short("whoami").exit_code == 0
    # Twelve hours pass, as far as the token knows.
    statement = "UPDATE tokens SET created_at = created_at - %s, expires_at = expires_at - %s WHERE name = 'short'"
    as_superuser(installation.stack, "tokens", statement, timedelta(hours=12), timedelta(hours=12))
    # Unlike a revocation, this was nobody's who would wait until it is forgotten what the token was before.
    eventually(lambda: refused(short))
    assert ada("whoami").exit_code == 0


def test_revoked_from_the_next_request_on(ada: Paas) -> None:
    parent = make(ada, "parent", "--scope", "apps.read,tokens.manage")
    child = make(parent, "child")
    assert child("whoami").exit_code == 0
    assert ada.ok("tokens:revoke", "parent").out == "Revoked parent and 1 token made with it\n"
    assert refused(parent)
    assert refused(child)
    assert "child" not in ada.ok("tokens:list").out


def test_too_little_scope(idle: Paas) -> None:
    reader = make(idle, "reader", "--scope", "config.read")
    assert reader.ok("config").out == ""
    for arguments, permission in (
        (("config:set", "A=1"), "config.write"),
        (("secrets",), "secrets.list"),
        (("secrets:get", "S"), "secrets.reveal"),
        (("audit",), "audit.read"),
        (("tokens:create", "--name", "more"), "tokens.manage"),
    ):
        run = reader(*arguments)
        assert run.exit_code == 4
        assert permission in run.err
    assert config_of(idle) == {}
    assert eventually(lambda: events(idle, actor="pat:reader", action="secrets.get", outcome="denied"))


def test_limited_to_another_app(idle: Paas, installation: Installation, ada: Paas) -> None:
    other = installation.new_app(ada, instances=0).environment["PAAS_APP"]
    limited = make(idle, "limited", "--app", other)
    app = idle.environment["PAAS_APP"]
    assert [line.split("\t")[0] for line in limited.ok("apps:list").lines] == [other]
    assert limited.ok("config", "-a", other).exit_code == 0
    for arguments in (("config",), ("secrets",), ("releases",), ("apps:info",), ("config:set", "A=1")):
        there, absent = limited(*arguments, "-a", app), limited(*arguments, "-a", "no-such-app")
        assert there.exit_code != 0
        assert _about(there.err, app) == _about(absent.err, "no-such-app")
    assert config_of(idle) == {}


def test_another_tenant_s_app_is_absent(idle: Paas, installation: Installation) -> None:
    idle.ok("secrets:set", f"S={installation.canaries.secret()}", "--no-wait")
    bob = installation.person("bob@example.com", tenant="other")
    app = idle.environment["PAAS_APP"]
    for arguments in (
        ("config",),
        ("config:set", "A=1"),
        ("config:unset", "A"),
        ("config:export",),
        ("secrets",),
        ("secrets:get", "S"),
        ("secrets:set", "S=1"),
        ("secrets:rotate", "S"),
        ("secrets:unset", "S"),
        ("releases",),
        ("releases:info", "v1"),
        ("releases:create",),
        ("rollback", "v1"),
        ("apps:info",),
        ("apps:update", "--instances", "1"),
    ):
        foreign, absent = bob(*arguments, "-a", app), bob(*arguments, "-a", "no-such-app")
        assert foreign.exit_code == absent.exit_code == 1
        assert (foreign.out, _about(foreign.err, app)) == (absent.out, _about(absent.err, "no-such-app"))
    assert bob("apps:destroy", app, "--confirm", app).exit_code == 1
    assert bob.ok("apps:list").out == ""
    assert bob.ok("audit", "-a", app).out.count(app) == bob.ok("audit", "-a", "no-such-app").out.count("no-such-app")
    assert idle.ok("secrets:get", "S").out.strip()


def _about(text: str, app: str) -> str:
    return text.replace(app, "APP")

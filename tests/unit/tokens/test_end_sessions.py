"""Ending somebody's sessions: who may, which sign-ins end, and the event. Of denials it is in tests/access."""

from dataclasses import replace

import pytest

from paaskit.errors import InvalidInput, PermissionDenied
from paaskit.identity import Identity
from tests.unit.tokens.workbench import OPERATOR, Workbench, actor_of

BOB = "bob@example.com"


async def _end(bench: Workbench, user: str, identity: Identity) -> int:
    return await bench.tokens.end_sessions(user, identity, actor=actor_of(identity))


async def test_an_administrator_ends_the_sign_ins_of_one_person_and_not_what_they_made(bench: Workbench) -> None:
    admin = bench.identity(await bench.sign_in())
    bob = bench.identity(await bench.sign_in(user=BOB, role="developer"))
    again = bench.identity(
        await bench.sign_in(user=BOB, role="developer", issuer=replace(OPERATOR, name="service:other"))
    )
    namesake = bench.identity(await bench.sign_in(tenant="globex", user=BOB))
    made = bench.identity((await bench.create(bob, "of-bob"))[1])
    before = bench.outlasted
    assert await _end(bench, BOB, admin) == 2
    assert bench.outlasted == before + 1, "it is answered once nobody takes them any more"
    lives = [bench.lives(each) for each in (bob, again, admin, namesake, made)]
    assert lives == [False, False, True, True, True]
    assert bench.actions()[-1] == ("sessions.end", admin.subject, (BOB, BOB))
    assert [each.token_id for each in bench.store.events[-1].target_tokens] == [
        bob.origin.credential,
        again.origin.credential,
    ]


async def test_whoever_has_no_sign_in_here_is_on_record_as_well(bench: Workbench) -> None:
    """People of an identity provider have none."""
    admin = bench.signed_in_elsewhere("ada@example.com", role="admin")
    assert await _end(bench, "carol@example.com", admin) == 0
    assert bench.actions()[-1] == ("sessions.end", admin.subject, ("carol@example.com",))


async def test_of_oneself_the_terminal_stays_signed_in(bench: Workbench) -> None:
    viewer = bench.identity(await bench.sign_in(user=BOB, role="viewer"))
    for own in ("", BOB):
        assert await _end(bench, own, viewer) == 0
        assert bench.actions()[-1] == ("sessions.end", viewer.subject, (BOB,))
    assert bench.lives(viewer)


@pytest.mark.parametrize("role", ["viewer", "developer"])
async def test_nobody_else_ends_the_sessions_of_others(bench: Workbench, role: str) -> None:
    bob = bench.identity(await bench.sign_in(user=BOB))
    other = bench.identity(await bench.sign_in(user="eve@example.com", role=role))
    with pytest.raises(PermissionDenied):
        await _end(bench, BOB, other)
    assert bench.lives(bob)


async def test_no_token_ends_them_whatever_it_may(bench: Workbench) -> None:
    admin = bench.identity(await bench.sign_in())
    _, text = await bench.create(admin, "all", permissions=sorted(admin.permissions))
    bob = bench.identity(await bench.sign_in(user=BOB, role="viewer"))
    with pytest.raises(PermissionDenied, match="tokens do not"):
        await _end(bench, BOB, bench.identity(text))
    assert bench.lives(bob)


async def test_who_may_do_more_is_not_shut_out(bench: Workbench) -> None:
    admin = bench.identity(await bench.sign_in(user=BOB))
    less = replace(
        bench.signed_in_elsewhere("eve@example.com", role="admin"),
        permissions=frozenset({"tokens.manage", "audit.read"}),
    )
    with pytest.raises(PermissionDenied, match="may do more"):
        await _end(bench, BOB, less)
    assert bench.lives(admin)


async def test_what_nobody_can_be_called_is_refused(bench: Workbench) -> None:
    admin = bench.identity(await bench.sign_in())
    for wrong in ("nobody at all", "pat:ci", f"paas_pat_{'A' * 36}"):
        with pytest.raises(InvalidInput):
            await _end(bench, wrong, admin)

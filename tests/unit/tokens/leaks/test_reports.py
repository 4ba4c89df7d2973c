"""Tokens whose text somebody reports: what ends, who is told, and that the answer tells nothing."""

from dataclasses import replace
from datetime import timedelta

import pytest

from services.tokens import pat
from services.tokens.leaks.reports import REPORTER, Reports
from tests.unit.tokens.workbench import Workbench, actor_of


def _reports(bench: Workbench) -> Reports:
    async def outlast() -> None:
        bench.outlasted += 1

    return Reports(bench.store, bench.store, clock=bench.clock, outlast=outlast)


async def test_whoever_has_the_text_ends_it_with_all_made_with_it(bench: Workbench) -> None:
    """Also somebody who may do nothing else, and with tokens that may do more."""
    admin = bench.identity(await bench.sign_in())
    token, text = await bench.create(admin, permissions=["audit.read", "tokens.manage"])
    below, _ = await bench.create(bench.identity(text), "below", permissions=["audit.read"])
    beside, _ = await bench.create(admin, "beside")
    viewer = bench.identity(await bench.sign_in(user="bob@example.com", role="viewer"))
    await _reports(bench).end(text, actor=actor_of(viewer))
    assert [bench.token(each).is_living(bench.clock()) for each in (token, below, beside)] == [False, False, True]
    event = bench.store.events[-1]
    assert (event.action, event.actor, list(event.targets)) == (
        "tokens.leaked",
        "user:bob@example.com",
        ["ci", "below"],
    )
    told = [(each.token_id, each.maker) for each in event.target_tokens]
    assert told == [(token.token_id, "user:ada@example.com"), (below.token_id, "user:ada@example.com")]
    assert text not in repr(bench.store.events)


async def test_of_another_tenant_too_which_learns_nothing_of_who_it_was(bench: Workbench) -> None:
    token, text = await bench.create(bench.identity(await bench.sign_in()))
    stranger = bench.identity(await bench.sign_in(tenant="rival", user="eve@example.com"))
    await _reports(bench).end(text, actor=actor_of(stranger))
    assert not bench.token(token).is_living(bench.clock())
    event = bench.store.events[-1]
    assert (event.tenant, event.action, event.actor) == ("acme", "tokens.leaked", REPORTER)
    assert (event.client_address, event.token_id, event.maker, event.on_behalf_of) == ("", "", "", "")
    assert "eve@example.com" not in repr(event)
    assert [each.tenant for each in bench.store.events if each.action == "tokens.leaked"] == ["acme"]


async def test_what_an_ended_token_made_of_itself_ends_as_well(bench: Workbench) -> None:
    """A thief who rotated it in time must not be left with the new text."""
    person = bench.identity(await bench.sign_in())
    _, text = await bench.create(person, permissions=["config.read", "tokens.manage"])
    rotated, _ = await bench.rotate(bench.identity(text), overlap=timedelta(0))
    assert bench.token(rotated.token).is_living(bench.clock())
    await _reports(bench).end(text, actor=actor_of(person))
    assert not bench.token(rotated.token).is_living(bench.clock())


async def test_a_persons_sign_in_ends_as_well(bench: Workbench) -> None:
    text = await bench.sign_in()
    person = bench.identity(text)
    token, _ = await bench.create(person)
    await _reports(bench).end(text, actor=actor_of(person))
    assert not bench.lives(person)
    assert not bench.token(token).is_living(bench.clock())


async def test_nobody_learns_whether_there_was_one(bench: Workbench) -> None:
    """What is answered, and how long that takes, is the same."""
    person = bench.identity(await bench.sign_in())
    _, text = await bench.create(person)
    reports, before = _reports(bench), len(bench.store.events)
    unknown = pat.generate()
    for number, each in enumerate([unknown, unknown[:-1] + "?", "paas_pat_", "", "é", text, text], start=1):
        await reports.end(each, actor=actor_of(replace(person, tenant="rival")))
        assert bench.outlasted == number
    assert [event.action for event in bench.store.events[before:]] == ["tokens.leaked"], "once, for the one there was"


@pytest.mark.parametrize("text", ["paas_pat_", "x" * 10_000, "\0"])
async def test_what_can_be_no_token_is_not_looked_for(bench: Workbench, text: str) -> None:
    person = bench.identity(await bench.sign_in())
    before = bench.store.lookups
    await _reports(bench).end(text, actor=actor_of(person))
    assert bench.store.lookups == before

"""Tokens whose text somebody reports: what ends, who is told, and that the answer tells nothing."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from paaskit.errors import Unavailable
from services.tokens import pat
from services.tokens.leaks.reports import REPORTER, Decide, EndsTokens, Reports
from services.tokens.token import Token
from tests.unit.tokens.workbench import Workbench, actor_of


def _reports(bench: Workbench) -> Reports:
    async def outlast() -> None:
        bench.outlasted += 1

    return Reports(bench.store, bench.store, trusts=bench.trusts, clock=bench.clock, outlast=outlast)


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


async def test_what_a_partner_found_ends_with_all_made_with_it_in_whatever_tenant(bench: Workbench) -> None:
    """In each tenant's log once, with who made the tokens, whoever that is, and nothing of other tenants."""
    ada = bench.identity(await bench.sign_in())
    eve = bench.identity(await bench.sign_in(tenant="rival", user="eve@example.com"))
    token, text = await bench.create(ada, permissions=["tokens.manage", "config.read"])
    below, _ = await bench.create(bench.identity(text), "below", permissions=["config.read"])
    second, second_text = await bench.create(ada, "second")
    beside, _ = await bench.create(ada, "beside")
    theirs, their_text = await bench.create(eve, "theirs")
    before, unknown = len(bench.store.events), pat.generate()
    ours = await _reports(bench).end_all({text, second_text, their_text, unknown, "junk"}, reporter="service:partner")
    assert ours == {text, second_text, their_text}
    living = [bench.token(each).is_living(bench.clock()) for each in (token, below, second, theirs, beside)]
    assert living == [False, False, False, False, True]
    told = {
        event.tenant: (event.action, event.actor, set(event.targets), {each.maker for each in event.target_tokens})
        for event in bench.store.events[before:]
    }
    assert told == {
        "acme": ("tokens.leaked", "service:partner", {"ci", "below", "second"}, {"user:ada@example.com"}),
        "rival": ("tokens.leaked", "service:partner", {"theirs"}, {"user:eve@example.com"}),
    }
    assert len(bench.store.events) == before + 2
    assert text not in repr(bench.store.events)
    assert bench.outlasted == 1


async def test_the_same_report_again_does_nothing_new(bench: Workbench) -> None:
    _, text = await bench.create(bench.identity(await bench.sign_in()))
    reports = _reports(bench)
    first = await reports.end_all({text}, reporter="service:partner")
    kept, events = dict(bench.store.tokens), list(bench.store.events)
    bench.clock.advance(hours=1)
    assert await reports.end_all({text}, reporter="service:partner") == first == {text}
    assert (bench.store.tokens, bench.store.events) == (kept, events)


async def test_of_four_thousand_that_can_be_no_tokens_none_is_looked_for(bench: Workbench) -> None:
    junk = {f"paas_pat_{number:036d}" for number in range(4000)}
    before = bench.store.lookups
    assert await _reports(bench).end_all(junk, reporter="service:partner") == frozenset()
    assert (bench.store.lookups, bench.outlasted) == (before, 0)


async def test_what_fails_for_one_tenant_does_not_keep_the_others_tokens(bench: Workbench) -> None:
    """And is told, so that the report comes again."""
    token, text = await bench.create(bench.identity(await bench.sign_in()))
    rival = bench.identity(await bench.sign_in(tenant="rival"))
    theirs, their_text = await bench.create(rival)
    store = _AwayForOne(bench.store, "acme")
    reports = Reports(bench.store, store, trusts=bench.trusts, clock=bench.clock, outlast=_at_once)
    with pytest.raises(Unavailable):
        await reports.end_all({text, their_text}, reporter="service:partner")
    assert [bench.token(each).is_living(bench.clock()) for each in (token, theirs)] == [True, False]
    store.away = ""
    assert await reports.end_all({text, their_text}, reporter="service:partner") == {text, their_text}
    assert not bench.token(token).is_living(bench.clock())


class _AwayForOne:
    """A store that can't change the tokens of one tenant."""

    def __init__(self, store: EndsTokens, away: str) -> None:
        self._store = store
        self.away = away

    async def leaked(self, tenant: str, token_ids: Sequence[str], *, now: datetime, decide: Decide) -> Sequence[Token]:
        if tenant == self.away:
            raise Unavailable("away")
        return await self._store.leaked(tenant, token_ids, now=now, decide=decide)


async def _at_once() -> None:
    pass

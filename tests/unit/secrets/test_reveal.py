"""Reading values: the event is committed first, reads share transactions, and what isn't there is said right.

With a fake store that writes down the order of things. The SQL is tested with the whole server.
"""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

import pytest
from paas.audit.v1 import audit_pb2

from paaskit.access import AppRef
from paaskit.audit import Actor, AuditEvent
from paaskit.errors import InvalidInput, NotFound, PermissionDenied, Refused, Unavailable, app_not_found
from paaskit.redact import Plaintext
from services.secrets.keys.envelope import OpenError
from services.secrets.keys.keyring import Keyring
from services.secrets.keys.wrapping import Wrapping
from services.secrets.reveal import Found, Revealer, Verdict, Wish, judge, record_if_granted, record_of
from services.secrets.rules.stored import Entry, Kind
from tests.fakes.clock import FakeClock
from tests.fakes.kms import FakeKms, RightKms
from tests.unit.secrets.keys.stores import FakeKeyStore

ADA = Actor(tenant="acme", name="user:ada@example.com")
EVE = Actor(tenant="globex", name="user:eve@example.com")


class FakeRevealStore:
    """Implements `services.secrets.reveal.RevealStore`. `commits` has what each transaction put on record."""

    def __init__(self) -> None:
        self.apps = {("acme", "web"): "a1", ("globex", "shop"): "a2"}
        self.rows: dict[tuple[str, str, str], Entry] = {}
        self.commits: list[tuple[str, list[tuple[str, bool]]]] = []
        self.reasons: list[str] = []
        self.failure: Exception | None = None

    async def read_audited(self, tenant: str, wanted: Sequence[Wish]) -> list[Verdict]:
        await asyncio.sleep(0.01)
        if self.failure is not None:
            raise self.failure
        verdicts = [judge(wish, self._found(tenant, wish)) for wish in wanted]
        self._commit(tenant, [event for each in zip(wanted, verdicts, strict=True) for event in record_of(*each)])
        return verdicts

    async def look(self, tenant: str, wish: Wish) -> Verdict:
        return judge(wish, self._found(tenant, wish))

    async def record(self, wish: Wish, verdict: Verdict) -> None:
        if self.failure is not None:
            raise self.failure
        self._commit(wish.actor.tenant, record_of(wish, verdict))

    def _commit(self, tenant: str, events: Sequence[AuditEvent]) -> None:
        ok = audit_pb2.OUTCOME_OK
        self.commits.append((tenant, [(" ".join(event.targets), event.outcome == ok) for event in events]))
        self.reasons += [event.reason for event in events]

    def _found(self, tenant: str, wish: Wish) -> Found | None:
        app_id = self.apps.get((tenant, wish.app.name))
        if app_id is None:
            return None
        entries = {name: self.rows.get((tenant, app_id, name)) for name in wish.names}
        return Found(app_id, {name: entry for name, entry in entries.items() if entry is not None})

    def recorded(self) -> list[tuple[str, bool]]:
        """The target of each event, and whether the value was given out."""
        return [event for _, events in self.commits for event in events]


class FakeApps:
    """Implements `services.secrets.reveal.Apps` with one more app, `new` of acme."""

    async def resolve(self, ref: AppRef) -> str:
        if (ref.tenant, ref.name) != ("acme", "new"):
            raise app_not_found(ref.name)
        ref.accept("a9")
        return "a9"


class Bench:
    """A revealer with everything around it."""

    def __init__(self) -> None:
        self.store, self.kms, self.clock = FakeRevealStore(), FakeKms(), FakeClock()
        self.keyring = Keyring(FakeKeyStore(), Wrapping(self.kms, RightKms()), clock=self.clock)
        self.revealer = Revealer(self.store, FakeApps(), self.keyring, backlog=self, given=self.given)
        self.delivered: list[tuple[str, str, str, int]] = []
        self.is_full = False

    def given(self, tenant: str, app_id: str, entries: Iterable[Entry]) -> None:
        """As `services.secrets.upkeep.deliveries.Deliveries`."""
        self.delivered += [(tenant, app_id, entry.name, entry.version) for entry in entries]

    def check(self) -> None:
        """As `services.secrets.backlog.Backlog`."""
        if self.is_full:
            raise Unavailable("Too many events wait.", metadata={"service": "audit"})

    async def put(self, name: str, value: str, *, kind: Kind = Kind.SECRET, tenant: str = "acme") -> Entry:
        """Store a value of acme's app `web` or globex's app `shop`."""
        app_id = {"acme": "a1", "globex": "a2"}[tenant]
        entry = Entry(
            name=name,
            kind=kind,
            version=1,
            sealed=(await self.keyring.keys(tenant)).seal(app_id, name, 1, Plaintext(value)),
            size=len(value),
            position=0,
            created_at=datetime(2026, 5, 4, tzinfo=UTC),
        )
        self.store.rows[tenant, app_id, name] = entry
        return entry

    async def reveal(self, name: str, *, actor: Actor = ADA, app: str = "web", bound_id: str | None = None) -> str:
        """What the reader is given."""
        (value,) = await self.reveal_all([name], actor=actor, app=app, bound_id=bound_id)
        return value

    async def reveal_all(
        self,
        names: Sequence[str],
        *,
        actor: Actor = ADA,
        app: str = "web",
        bound_id: str | None = None,
        reason: str = "",
    ) -> list[str]:
        """What the reader of several is given."""
        ref = AppRef(tenant=actor.tenant, name=app, bound_id=bound_id, subject=actor.name)
        revealed = await self.revealer.reveal(actor, app=ref, names=names, field="names", reason=reason)
        return [each.reveal() for each in revealed.values]


@pytest.fixture
def bench() -> Bench:
    """A bench of its own for each test."""
    return Bench()


async def test_a_value_is_read_after_its_event_is_committed(bench: Bench) -> None:
    await bench.put("KEY", "xyzzy")
    assert await bench.reveal("KEY") == "xyzzy"
    assert bench.store.commits == [("acme", [("KEY", True)])]


async def test_without_the_commit_there_is_no_value(bench: Bench) -> None:
    await bench.put("KEY", "xyzzy")
    for failure in (Unavailable("away"), RuntimeError("broken")):
        bench.store.failure = failure
        with pytest.raises(type(failure)):
            await bench.reveal("KEY")
    assert bench.store.commits == []
    bench.store.failure = None
    assert await bench.reveal("KEY") == "xyzzy"


async def test_reads_at_once_share_transactions_and_each_has_its_event(bench: Bench) -> None:
    names = [f"KEY{number}" for number in range(100)]
    for name in names:
        await bench.put(name, f"value of {name}")
    values = await asyncio.gather(*(bench.reveal(name) for name in names))
    assert values == [f"value of {name}" for name in names]
    assert sorted(bench.store.recorded()) == sorted((name, True) for name in names)
    assert len(bench.store.commits) <= 4


async def test_the_same_value_read_twice_at_once_is_two_events(bench: Bench) -> None:
    await bench.put("KEY", "xyzzy")
    await asyncio.gather(*(bench.reveal("KEY") for _ in range(5)))
    assert bench.store.recorded() == [("KEY", True)] * 5


async def test_tenants_never_share_a_transaction(bench: Bench) -> None:
    await bench.put("KEY", "of acme")
    await bench.put("KEY", "of globex", tenant="globex")
    readers = [ADA, EVE] * 10
    apps = {ADA: "web", EVE: "shop"}
    values = await asyncio.gather(*(bench.reveal("KEY", actor=reader, app=apps[reader]) for reader in readers))
    assert values == ["of acme", "of globex"] * 10
    assert {tenant for tenant, _ in bench.store.commits} == {"acme", "globex"}


async def test_what_is_absent_is_on_record_as_refused_and_does_not_disturb_others(bench: Bench) -> None:
    await bench.put("KEY", "xyzzy")
    outcomes = await asyncio.gather(
        bench.reveal("KEY"),
        bench.reveal("NONE"),
        bench.reveal("KEY", app="other"),
        bench.reveal("KEY", app="new"),
        bench.reveal("KEY", actor=EVE),
        return_exceptions=True,
    )
    reasons = [each.reason if isinstance(each, NotFound) else each for each in outcomes]
    assert reasons == ["xyzzy", "NAME_NOT_SET", "APP_NOT_FOUND", "NAME_NOT_SET", "APP_NOT_FOUND"]
    assert sorted(bench.store.recorded()) == [("KEY", False)] * 3 + [("KEY", True), ("NONE", False)]


async def test_a_managed_value_is_not_given_out(bench: Bench) -> None:
    await bench.put("DATABASE_URL", "postgres://u:xyzzy@db", kind=Kind.MANAGED)
    with pytest.raises(Refused) as caught:
        await bench.reveal("DATABASE_URL")
    assert caught.value.reason == "NAME_IS_MANAGED"
    assert "xyzzy" not in caught.value.message
    assert bench.store.recorded() == [("DATABASE_URL", False)]


async def test_several_are_one_event_that_names_them_all(bench: Bench) -> None:
    for name in ("A", "B", "C"):
        await bench.put(name, f"value of {name}")
    assert await bench.reveal_all(["C", "A"]) == ["value of C", "value of A"]
    assert bench.store.recorded() == [("C A", True)]


async def test_several_are_refused_together_naming_every_bad_one(bench: Bench) -> None:
    await bench.put("KEY", "xyzzy")
    await bench.put("DATABASE_URL", "xyzzy", kind=Kind.MANAGED)
    for names, kind, reason in (
        (["KEY", "NONE", "NOR_THIS"], NotFound, "NAME_NOT_SET"),
        (["DATABASE_URL", "KEY"], Refused, "NAME_IS_MANAGED"),
        (["NONE", "KEY", "DATABASE_URL", "NOR_THIS"], NotFound, "NAME_NOT_SET"),
    ):
        with pytest.raises(kind) as caught:
            await bench.reveal_all(names)
        assert caught.value.reason == reason
        assert [name for name in names if name in caught.value.message] == [name for name in names if name != "KEY"]
        assert bench.store.recorded()[-1] == (" ".join(names), False)
    assert len(bench.store.recorded()) == 3


@pytest.mark.parametrize("names", [[], ["A", "A"], ["A", "not-a-name"], [f"N{number}" for number in range(501)]])
async def test_names_that_can_be_none_are_refused_before_anything_is_looked_up(bench: Bench, names: list[str]) -> None:
    with pytest.raises(InvalidInput):
        await bench.reveal_all(names)
    assert bench.store.commits == []


def test_more_names_than_an_event_holds_are_several_events() -> None:
    names = [f"{'N' * 120}{number}" for number in range(500)]
    wish = Wish(ADA, AppRef(tenant="acme", name="web"), names, "e1")
    events = record_of(wish, judge(wish, Found("a1", {})))
    assert len(events) > 1
    assert [name for event in events for name in event.targets] == names
    ids = [event.event_id for event in record_if_granted(wish, "a1")]
    assert ids[0] == "e1"
    assert len(set(ids)) == len(events)


def test_only_what_is_granted_has_the_id_that_is_answered() -> None:
    """A refusal under the same id could be dropped as a second one of the grant."""
    wish = Wish(ADA, AppRef(tenant="acme", name="web"), ["KEY"], "e1")
    (refused,) = record_of(wish, judge(wish, Found("a1", {})))
    assert refused.event_id != "e1"
    (granted,) = record_if_granted(wish, "a1")
    assert granted.event_id == "e1"


async def test_a_namesake_of_the_app_that_a_token_is_for_is_denied(bench: Bench) -> None:
    await bench.put("KEY", "xyzzy")
    assert await bench.reveal("KEY", bound_id="a1") == "xyzzy"
    for name, app in (("KEY", "web"), ("NONE", "web"), ("KEY", "new")):
        with pytest.raises(PermissionDenied):
            await bench.reveal(name, app=app, bound_id="a0")
    assert ("KEY", True) not in bench.store.recorded()[1:], "a denial is recorded where all denials are"


async def test_a_row_that_was_moved_does_not_open(bench: Bench) -> None:
    entry = await bench.put("KEY", "xyzzy")
    bench.store.rows["globex", "a2", "KEY"] = entry
    await bench.put("OTHER", "x", tenant="globex")
    with pytest.raises(OpenError):
        await bench.reveal("KEY", actor=EVE, app="shop")


async def test_a_reader_who_goes_away_takes_nobody_along(bench: Bench) -> None:
    await bench.put("A", "1")
    await bench.put("B", "2")
    first, second = asyncio.ensure_future(bench.reveal("A")), asyncio.ensure_future(bench.reveal("B"))
    await asyncio.sleep(0)
    first.cancel()
    assert await second == "2"
    assert await bench.reveal("A") == "1"


async def test_nothing_is_read_while_too_many_events_wait(bench: Bench) -> None:
    await bench.put("KEY", "xyzzy")
    bench.is_full = True
    for names in (["KEY"], ["KEY", "OTHER"]):
        with pytest.raises(Unavailable):
            await bench.reveal_all(names)
    assert bench.store.commits == []
    bench.is_full = False
    assert await bench.reveal("KEY") == "xyzzy"


async def test_a_reason_is_on_record_before_a_value_leaves(bench: Bench) -> None:
    await bench.put("KEY", "xyzzy")
    await bench.put("OTHER", "plugh")
    assert await bench.reveal_all(["KEY"], reason="Ticket 4711") == ["xyzzy"]
    assert await bench.reveal_all(["OTHER", "KEY"], reason="Ticket 4712") == ["plugh", "xyzzy"]
    assert bench.store.recorded() == [("KEY", True), ("OTHER KEY", True)]
    assert bench.store.reasons == ["Ticket 4711", "Ticket 4712"]
    for failure in (Unavailable("away"), RuntimeError("broken")):
        bench.store.failure = failure
        with pytest.raises(type(failure)):
            await bench.reveal_all(["KEY"], reason="Ticket 4713")


async def test_a_reason_that_tells_a_value_is_a_failed_attempt_without_it(bench: Bench) -> None:
    """Each trial of a value is on record: else refusals would tell values of which nobody hears."""
    await bench.put("KEY", "xyzzy")
    await bench.put("OTHER", "plugh")
    for names in (["KEY"], ["OTHER", "KEY"]):
        with pytest.raises(InvalidInput) as refused:
            await bench.reveal_all(names, reason="it was xyzzy before")
        assert "xyzzy" not in str(refused.value)
    assert bench.store.recorded() == [("KEY", False), ("OTHER KEY", False)]
    assert bench.store.reasons == ["", ""]


async def test_a_reason_for_what_is_not_given_is_not_kept(bench: Bench) -> None:
    """It may tell a value that was never opened to compare it with."""
    await bench.put("KEY", "xyzzy")
    await bench.put("DATABASE_URL", "plugh", kind=Kind.MANAGED)
    for names, app in ((["NONE", "KEY"], "web"), (["DATABASE_URL"], "web"), (["KEY"], "new"), (["KEY"], "other")):
        with pytest.raises((NotFound, Refused)):
            await bench.reveal_all(names, app=app, reason="it was xyzzy or plugh")
    assert [was_given for _, was_given in bench.store.recorded()] == [False] * 4
    assert bench.store.reasons == [""] * 4


@pytest.mark.parametrize("reason", ["x" * 201, "   "])
async def test_a_reason_that_is_none_is_refused_before_anything_is_looked_up(bench: Bench, reason: str) -> None:
    await bench.put("KEY", "xyzzy")
    with pytest.raises(InvalidInput) as refused:
        await bench.reveal_all(["KEY"], reason=reason)
    assert [each.field for each in refused.value.fields] == ["reason"]
    assert bench.store.commits == []

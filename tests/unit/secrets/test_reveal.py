"""Reading values: the event is committed first, reads share transactions, and what isn't there is said right.

With a fake store that writes down the order of things. The SQL is tested with the whole server.
"""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from paaskit.audit import Actor
from paaskit.errors import NotFound, Refused, Unavailable, app_not_found
from paaskit.redact import Plaintext
from services.secrets.envelope import OpenError
from services.secrets.keyring import Keyring
from services.secrets.plan import Entry, Kind
from services.secrets.reveal import Found, Revealer, Wish
from services.secrets.sealing import Sealer
from tests.fakes.clock import FakeClock
from tests.fakes.kms import FakeKms, RightKms
from tests.unit.secrets.test_keys import FakeKeyStore

ADA = Actor(tenant="acme", name="user:ada@example.com")
EVE = Actor(tenant="globex", name="user:eve@example.com")


class FakeRevealStore:
    """Implements `services.secrets.reveal.RevealStore`. `commits` has the targets of each transaction's events."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str, str], Found] = {}
        self.commits: list[tuple[str, list[str]]] = []
        self.failure: Exception | None = None

    async def read_audited(self, tenant: str, wanted: Sequence[Wish]) -> list[Found | None]:
        await asyncio.sleep(0.01)
        if self.failure is not None:
            raise self.failure
        found = [self.rows.get((tenant, wish.app, wish.name)) for wish in wanted]
        kept = [
            wish.event.targets[0]
            for wish, row in zip(wanted, found, strict=True)
            if row is not None and row.entry.kind is Kind.SECRET
        ]
        self.commits.append((tenant, kept))
        return found


class FakeApps:
    """Implements `services.secrets.reveal.Apps` with one app, `web` of acme."""

    async def resolve(self, tenant: str, app: str) -> str:
        if (tenant, app) != ("acme", "web"):
            raise app_not_found(app)
        return "a1"


class Bench:
    """A revealer with everything around it."""

    def __init__(self) -> None:
        self.store, self.kms, self.clock = FakeRevealStore(), FakeKms(), FakeClock()
        self.sealer = Sealer(Keyring(FakeKeyStore(), self.kms, check=RightKms(), clock=self.clock))
        self.revealer = Revealer(self.store, FakeApps(), self.sealer)

    async def put(self, name: str, value: str, *, kind: Kind = Kind.SECRET, tenant: str = "acme") -> Entry:
        """Store a value of the app `web`."""
        ((generation, sealed),) = await self.sealer.seal(tenant, "a1", 1, [(name, Plaintext(value))])
        entry = Entry(
            name=name,
            kind=kind,
            version=1,
            generation=generation,
            sealed=sealed,
            size=len(value),
            position=0,
            created_at=datetime(2026, 5, 4, tzinfo=UTC),
        )
        self.store.rows[tenant, "web", name] = Found("a1", entry)
        return entry

    async def reveal(self, name: str, *, actor: Actor = ADA, app: str = "web") -> str:
        """What the reader is given."""
        return (await self.revealer.reveal(actor, app=app, name=name)).reveal()


@pytest.fixture
def bench() -> Bench:
    """A bench of its own for each test."""
    return Bench()


async def test_a_value_is_read_after_its_event_is_committed(bench: Bench) -> None:
    await bench.put("KEY", "xyzzy")
    assert await bench.reveal("KEY") == "xyzzy"
    assert bench.store.commits == [("acme", ["KEY"])]


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
    assert sorted(target for _, targets in bench.store.commits for target in targets) == sorted(names)
    assert len(bench.store.commits) <= 4


async def test_the_same_value_read_twice_at_once_is_two_events(bench: Bench) -> None:
    await bench.put("KEY", "xyzzy")
    await asyncio.gather(*(bench.reveal("KEY") for _ in range(5)))
    assert sum(len(targets) for _, targets in bench.store.commits) == 5


async def test_tenants_never_share_a_transaction(bench: Bench) -> None:
    await bench.put("KEY", "of acme")
    await bench.put("KEY", "of globex", tenant="globex")
    readers = [ADA, EVE] * 10
    values = await asyncio.gather(*(bench.reveal("KEY", actor=reader) for reader in readers))
    assert values == ["of acme", "of globex"] * 10
    assert {tenant for tenant, _ in bench.store.commits} == {"acme", "globex"}


async def test_what_is_absent_leaves_no_event_and_does_not_disturb_others(bench: Bench) -> None:
    await bench.put("KEY", "xyzzy")
    outcomes = await asyncio.gather(
        bench.reveal("KEY"),
        bench.reveal("NONE"),
        bench.reveal("KEY", app="other"),
        bench.reveal("KEY", actor=EVE),
        return_exceptions=True,
    )
    reasons = [each.reason if isinstance(each, NotFound) else each for each in outcomes]
    assert reasons == ["xyzzy", "NAME_NOT_SET", "APP_NOT_FOUND", "APP_NOT_FOUND"]
    assert [target for _, targets in bench.store.commits for target in targets] == ["KEY"]


async def test_a_managed_value_is_not_given_out(bench: Bench) -> None:
    await bench.put("DATABASE_URL", "postgres://u:xyzzy@db", kind=Kind.MANAGED)
    with pytest.raises(Refused) as caught:
        await bench.reveal("DATABASE_URL")
    assert caught.value.reason == "NAME_IS_MANAGED"
    assert "xyzzy" not in caught.value.message


async def test_a_row_that_was_moved_does_not_open(bench: Bench) -> None:
    entry = await bench.put("KEY", "xyzzy")
    bench.store.rows["globex", "web", "KEY"] = Found("a1", entry)
    await bench.put("OTHER", "x", tenant="globex")
    with pytest.raises(OpenError):
        await bench.reveal("KEY", actor=EVE)


async def test_a_reader_who_goes_away_takes_nobody_along(bench: Bench) -> None:
    await bench.put("A", "1")
    await bench.put("B", "2")
    first, second = asyncio.ensure_future(bench.reveal("A")), asyncio.ensure_future(bench.reveal("B"))
    await asyncio.sleep(0)
    first.cancel()
    assert await second == "2"
    assert await bench.reveal("A") == "1"

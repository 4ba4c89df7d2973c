"""Apps for rules to decide on, with good defaults: a test names what it is about.

snapshot(entry("A"), drafts=(draft("A", "2"),))   # as a change would find it
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from paaskit.audit import Actor
from services.config.domain import (
    App,
    AppSpec,
    Attaching,
    Draft,
    Entry,
    Kind,
    Rows,
    Snapshot,
    SpecDraft,
    SpecRow,
    Totals,
)
from services.config.rules.drafts import Stamp
from services.config.rules.mutations import Doing
from services.config.rules.plan import size_of

NOW = datetime(2026, 5, 4, 13, 42, tzinfo=UTC)
ADA = Actor(tenant="acme", name="user:ada", credential="t1")
RELEASER = Actor(tenant="acme", name="service:releaser", credential="service:releaser", on_behalf_of="user:zoe")
STAMP = Stamp(by="user:ada", at=NOW)
SPEC = AppSpec(image="web:1")


def doing(action: str = "config.set", *, actor: Actor = ADA, request_id: str = "request-1") -> Doing:
    """Somebody who does something."""
    return Doing(actor=actor, action=action, request_id=request_id, change_id="change-1", at=NOW)


def entry(name: str, value: str = "1", *, kind: Kind = Kind.CONFIG, valid_from: int = 1, **more: object) -> Entry:
    """A current entry."""
    made = Entry(
        name=name,
        kind=kind,
        value="" if kind is Kind.SECRET else value,
        addon="pg" if kind is Kind.MANAGED else "",
        size=size_of(name, value),
        position=1,
        valid_from=valid_from,
    )
    return replace(made, **more)  # type: ignore[arg-type]  # a test names fields


def draft(name: str, value: str | None, *, base: int | None = None, revision: int = 1, by: str = "user:ada") -> Draft:
    """A staged change."""
    return Draft(
        name=name,
        value=value,
        size=0 if value is None else size_of(name, value),
        base_from=base,
        staged_by=by,
        staged_at=NOW,
        revision=revision,
    )


def spec_draft(spec: AppSpec, *, base: int = 1, revision: int = 1) -> SpecDraft:
    """A staged spec."""
    return SpecDraft(spec=spec, base_from=base, staged_by="user:bob", staged_at=NOW, revision=revision)


def attaching(name: str, attachment_id: str = "a1", *, adds: bool = True, **more: object) -> Attaching:
    """An attaching that is under way, of `doing()`'s own request."""
    made = Attaching(
        name=name,
        attachment_id=attachment_id,
        request_id="request-1",
        subject="t1",
        adds=adds,
        touched_at=NOW,
    )
    return replace(made, **more)  # type: ignore[arg-type]  # a test names fields


def snapshot(
    *entries: Entry,
    version: int = 5,
    drafts: tuple[Draft, ...] = (),
    draft_revision: int | None = None,
    spec: AppSpec = SPEC,
    spec_from: int = 1,
    totals: Totals | None = None,
    **more: object,
) -> Snapshot:
    """An app as a change finds it, with totals that are right unless a test gives others."""
    current = [each for each in entries if each.valid_to is None]
    app = App(
        app_id="app1",
        name="web",
        version=version,
        draft_revision=len(drafts) if draft_revision is None else draft_revision,
        totals=totals
        or Totals(names=len(current), size=sum(each.size for each in current), next_position=len(entries) + 1),
        created_at=NOW,
    )
    made = Snapshot(
        app=app,
        history=entries,
        drafts={each.name: each for each in drafts},
        spec=SpecRow(spec=spec, valid_from=spec_from),
    )
    return replace(made, **more)  # type: ignore[arg-type]  # a test names fields


@dataclass
class Timeline:
    """An app that goes through versions, written to as the store does."""

    rows: list[Entry] = field(default_factory=list)
    drafts: dict[str, Draft] = field(default_factory=dict)
    specs: list[SpecRow] = field(default_factory=lambda: [SpecRow(spec=SPEC, valid_from=1)])
    version: int = 1
    draft_revision: int = 0
    totals: Totals = field(default_factory=lambda: Totals(names=0, size=0, next_position=1))

    def snapshot(self, *past: int) -> Snapshot:
        """What a change would find, with these versions of the past."""
        return replace(
            snapshot(
                *self.rows,
                version=self.version,
                drafts=tuple(self.drafts.values()),
                draft_revision=self.draft_revision,
                totals=self.totals,
            ),
            spec=self.specs[-1],
            past_specs={
                version: next(row for row in reversed(self.specs) if row.valid_from <= version) for version in past
            },
        )

    @property
    def live(self) -> Mapping[str, str]:
        """The config vars now."""
        return {row.name: row.value for row in self.rows if row.valid_to is None and row.kind is Kind.CONFIG}

    def write(self, rows: Rows | None) -> None:
        """Write as the store does."""
        if rows is None:
            return
        self.version, self.draft_revision, self.totals = rows.version, rows.draft_revision, rows.totals
        self.rows = [
            replace(row, valid_to=rows.version) if row.valid_to is None and row.name in rows.close else row
            for row in self.rows
        ]
        self.rows += [replace(each, valid_from=rows.version, valid_to=None) for each in rows.open]
        held = {each.name: each for each in rows.hold}
        self.rows = [
            replace(row, size=held[row.name].size, claims=held[row.name].claims)
            if row.valid_to is None and row.name in held
            else row
            for row in self.rows
        ]
        if rows.spec is not None:
            self.specs.append(SpecRow(spec=rows.spec, valid_from=rows.version))
        for name in rows.unstage:
            self.drafts.pop(name, None)
        self.drafts |= {each.name: each for each in rows.stage}
        self.check()

    def check(self) -> None:
        """What holds after every change."""
        current = [row for row in self.rows if row.valid_to is None]
        assert len({row.name for row in current}) == len(current)
        assert self.totals.names == len(current)
        assert self.totals.size == sum(row.size for row in current)
        positions = [row.position for row in current]
        assert len(positions) == len(set(positions))
        assert all(0 <= position < self.totals.next_position for position in positions)
        assert all(row.value == "" for row in current if row.kind is Kind.SECRET)

"""Setting, rotating and unsetting secrets that are live. What goes into the draft is decided in `drafts.py`."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from paaskit.errors import Refused
from paaskit.redact import Plaintext
from paaskit.variables import refuse, violations_of
from paaskit.write_path import Decision
from services.secrets.rules import expiry, outcome
from services.secrets.rules.claims import Need
from services.secrets.rules.expiry import SAYS_NOTHING, Asked, Terms
from services.secrets.rules.outcome import Cause, Means
from services.secrets.rules.plan import Plan, plan_of, with_terms
from services.secrets.rules.stored import PREVIOUS_SUFFIX, Kind, Snapshot, refuse_managed, secret_not_set
from services.secrets.rules.values import Values, is_value_of, new_entry, terms_before, with_running_overlap


def needs_of_set(seen: Snapshot, wanted: Values) -> list[Need]:
    """Return what config has to hear of: new names, and values whose size counts differently now."""
    return [
        Need(name, plaintext.size)
        for name, plaintext in wanted
        if name not in seen.current
        or (seen.current[name].kind is Kind.SECRET and seen.current[name].size != plaintext.size)
    ]


def needs_of_rotation(seen: Snapshot, name: str, plaintext: Plaintext, *, overlap: bool) -> list[Need]:
    """Return what config has to hear of; nothing where the rotation will be refused."""
    present = seen.secrets().get(name)
    previous_name = name + PREVIOUS_SUFFIX
    if present is None or (overlap and previous_name in seen.current):
        return []
    return needs_of_set(seen, [(name, plaintext)]) + ([Need(previous_name, present.size)] if overlap else [])


def set_secrets(
    snapshot: Snapshot, means: Means, cause: Cause, wanted: Values, *, asked: Asked = SAYS_NOTHING
) -> Decision[Plan]:
    """Decide on new values: those that are equal to what is stored have at most other terms. Raises Refused."""
    names = [name for name, _ in wanted]
    refuse_managed(snapshot.current, names)
    refuse_previous(snapshot, names)
    differing = [
        (name, plaintext)
        for name, plaintext in wanted
        if name not in snapshot.current or not is_value_of(means.keys, snapshot, snapshot.current[name], plaintext)
    ]
    entries = [
        with_running_overlap(
            means.keys,
            snapshot,
            name,
            plaintext,
            now=means.now,
            terms=expiry.of_new_value(asked, terms_before(snapshot, name), means.now),
        )
        for name, plaintext in differing
    ]
    changing = {name for name, _ in differing}
    moved = _moved(snapshot, means, [name for name in names if name not in changing], asked)
    plan = with_terms(plan_of(snapshot, keep=entries), snapshot, moved)
    more = {"kept": list(moved), **_answered(asked, means)} if asked.says_anything else None
    return outcome.live(snapshot, plan, cause, config_version=means.claimed.version, more=more)


def expire(snapshot: Snapshot, means: Means, cause: Cause, *, name: str, asked: Asked) -> Decision[Plan]:
    """Decide on other terms of a value that stands. Raises NotFound and Refused."""
    refuse_managed(snapshot.current, [name])
    if name not in snapshot.current:
        raise secret_not_set([name])
    moved = _moved(snapshot, means, [name], asked)
    terms = moved.get(name, snapshot.current[name].terms)
    more = {
        "changed": bool(moved),
        "expires_at": None if terms.expires_at is None else terms.expires_at.isoformat(),
        "rotate_seconds": None if terms.rotate_every is None else int(terms.rotate_every.total_seconds()),
    }
    return outcome.live(snapshot, with_terms(Plan(), snapshot, moved), cause, config_version=None, more=more)


def _moved(snapshot: Snapshot, means: Means, names: Sequence[str], asked: Asked) -> dict[str, Terms]:
    """Return the new terms of those names whose value stands and whose terms are others than before."""
    if not asked.says_anything:
        return {}
    present = {name: snapshot.current[name] for name in names}
    terms = {
        name: expiry.moved(asked, entry.terms, stored_at=entry.created_at, now=means.now)
        for name, entry in present.items()
    }
    return {name: each for name, each in terms.items() if each != present[name].terms}


def _answered(asked: Asked, means: Means) -> dict[str, Any]:
    """Return what an answer says of the end of a value that is live from now on."""
    expires_at = asked.expires_at(means.now)
    return {
        "expires_at": None if expires_at is None else expires_at.isoformat(),
        "span_seconds": None if asked.span is None else int(asked.span.total_seconds()),
    }


def rotate(
    snapshot: Snapshot,
    means: Means,
    cause: Cause,
    *,
    name: str,
    plaintext: Plaintext,
    overlap: timedelta,
    asked: Asked = SAYS_NOTHING,
) -> Decision[Plan]:
    """Decide on a new value of a secret that exists, with the old one injected as well for `overlap`.

    Where the request says nothing of an end, the value has that of a span as long as the old one's. Raises NotFound and
    Refused.
    """
    refuse_unrotatable(snapshot, name, overlap=bool(overlap))
    before = snapshot.current[name].terms
    asked = expiry.again(asked, before)
    entry = new_entry(
        means.keys,
        snapshot,
        name,
        plaintext,
        previous=snapshot.current[name].version if overlap else None,
        previous_until=means.now + overlap if overlap else None,
        terms=expiry.of_new_value(asked, before, means.now),
    )
    plan = plan_of(snapshot, keep=[entry])
    more = _answered(asked, means) if asked.says_end else None
    return outcome.live(snapshot, plan, cause, config_version=means.claimed.version, more=more)


def unset(
    snapshot: Snapshot, means: Means, cause: Cause, names: Sequence[str], *, ignore_missing: bool
) -> Decision[Plan]:
    """Decide on names that are to go. Raises NotFound and Refused."""
    removed = names_to_unset(snapshot, names, ignore_missing=ignore_missing)
    plan = plan_of(snapshot, remove=removed)
    return outcome.live(snapshot, plan, cause, config_version=means.claimed.version)


def names_to_unset(snapshot: Snapshot, names: Sequence[str], *, ignore_missing: bool) -> list[str]:
    """Return those of `names` that are secrets. Raises Refused, and NotFound where one isn't unless that is fine."""
    refuse_managed(snapshot.current, names)
    missing = [name for name in names if name not in snapshot.current]
    if missing and not ignore_missing:
        raise secret_not_set(missing, "Nothing was changed; `--ignore-missing` passes over such names.")
    return [name for name in names if name in snapshot.current]


def names_leaving(seen: Snapshot, names: Sequence[str]) -> list[str]:
    """Return those of `names` that config has to agree to: live secrets of a shared group, which apps may have."""
    return [name for name in names if name in seen.secrets()] if seen.app.is_group else []


def refuse_unrotatable(snapshot: Snapshot, name: str, *, overlap: bool) -> None:
    """Raise NotFound or Refused unless a name can be given a new value, and the old one be kept beside it."""
    refuse_managed(snapshot.current, [name])
    refuse_previous(snapshot, [name])
    if name not in snapshot.current:
        raise secret_not_set([name], "Only a secret that exists is rotated; `paas secrets:set` makes one.")
    if not overlap:
        return
    previous_name = name + PREVIOUS_SUFFIX
    refuse(violations_of([previous_name], field="name"))
    staged = snapshot.staged.get(previous_name)
    if previous_name in snapshot.current or (staged is not None and staged.sealed is not None):
        raise Refused(f"{previous_name} is a secret of its own, so {name} can't overlap. Unset it first.")


def refuse_previous(snapshot: Snapshot, names: Sequence[str]) -> None:
    """Raise Refused naming every name that an overlap injects an old value under."""
    overlapping = {*snapshot.overlaps, *(name for name, each in snapshot.staged.items() if each.overlap)}
    kept = [name for name in names if name.endswith(PREVIOUS_SUFFIX) and _base(name) in overlapping]
    kept = [name for name in kept if name not in snapshot.current]
    if kept:
        bases = ", ".join(_base(name) for name in kept)
        raise Refused(
            f"{', '.join(kept)}: taken by the old value of {bases} until its overlap ends.", reason="NAME_IS_PREVIOUS"
        )


def _base(name: str) -> str:
    return name.removesuffix(PREVIOUS_SUFFIX)

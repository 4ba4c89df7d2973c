"""An incident as JSON."""

from collections.abc import Sequence

from paas_cli.incident import pasted, rules, words
from paas_cli.incident.facts import Facts, Moment, Times, Token
from paas_cli.incident.rules import Step
from paas_cli.session import Session


def document(facts: Facts, steps: Sequence[Step], session: Session) -> dict[str, object]:
    """All of it."""
    return {
        "about": facts.asked.value,
        "name": facts.label or None,
        "since": _at(facts.since),
        "until": _at(facts.until),
        "tokens": [_token(token) for token in facts.tokens],
        "read": [
            {"app": secret.app, "name": secret.name, **_times(times)} for secret, times in sorted(facts.read.items())
        ],
        "readers": [
            {
                "actor": actor.who,
                "on_behalf_of": actor.on_behalf_of or None,
                "token_id": actor.token_id or None,
                "maker": actor.maker or None,
                **_times(actor.times),
            }
            for actor in facts.readers
        ],
        "refused": facts.refused,
        "could_have_read": [
            {"app": app, "name": name} for app, names in rules.not_read(facts).items() for name in names
        ],
        "did": [
            {
                "action": deed.action,
                "app": deed.app or None,
                "name": deed.name or None,
                "token_id": deed.target_token_id or None,
                **_times(deed.times),
            }
            for deed in facts.did
        ],
        "steps": [_step(step, session) for step in steps],
        "advice": pasted.advice(facts, steps, session),
        "not_told": list(facts.left_out),
        "all_done": rules.are_done(steps),
    }


def _step(step: Step, session: Session) -> dict[str, object]:
    return {
        "kind": step.kind.value,
        "state": step.state.value,
        "reason": step.reason.value,
        "app": step.app or None,
        "name": step.name or None,
        "token_id": step.token_id or None,
        "done_at": _at(step.at),
        "previous_until": _at(step.previous_until),
        "command": pasted.command(step, session) or None,
    }


def _token(token: Token) -> dict[str, object]:
    return {
        "id": token.token_id,
        "name": token.name,
        "kind": token.kind or None,
        "maker": token.maker or None,
        "granted": list(token.granted) if token.is_known else None,
        "apps": list(token.apps) if token.is_known else None,
        "created_at": _at(token.created_at),
        "expires_at": _at(token.expires_at),
        "ended_at": _at(token.ended_at),
    }


def _times(times: Times) -> dict[str, object]:
    return {
        "count": times.count,
        "first_at": _at(times.first_at),
        "last_at": _at(times.last_at),
        "client_addresses": list(times.addresses),
        "more_addresses": times.more_addresses,
    }


def _at(moment: Moment | None) -> str | None:
    return words.at(moment) or None

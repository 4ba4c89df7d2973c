"""Find out all there is to know of an incident: what the log has, and how things stand now.

The log proves what was read and done. What else a caller may not ask is left out of the facts, and said to be.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from paas_cli.incident import rules, state, suspects
from paas_cli.incident.facts import Actor, Asked, Deed, Facts, Moment, Now, Released, Secret, Times, Token, Trust
from paas_cli.incident.source import Source
from paas_cli.incident.sums import DENIED, OK, Sums, summed

if TYPE_CHECKING:
    from paas.audit.v1.audit_pb2 import SummarizeEventsRequest
    from paas.tokens.v1.tokens_pb2 import WhoAmIResponse

DESTROYED = ("apps.destroy", "groups.destroy")
MAKES_TOKENS, ROTATES_TOKENS = "tokens.create", "tokens.rotate"
MAKES_TRUSTS = "trusts.create"
# What changes something, or gives a value or a way in to who does it.
_DEEDS = (
    *rules.VALUE_CHANGES, "secrets.discard", "config.set", "config.unset", "config.stage", "config.release",
    "config.discard", "config.restore", "apps.create", "apps.update", "apps.stage", "apps.release", "apps.discard",
    *DESTROYED, "groups.create", "groups.attach", "groups.detach",
    "releases.create", "releases.rollback", MAKES_TOKENS, ROTATES_TOKENS,
    "tokens.revoke", MAKES_TRUSTS, "trusts.delete", "keys.rotate", "keys.shred",
)  # fmt: skip
# By how much services' clocks may differ from that of the log.
_CLOCKS_APART = 5 * 60 * 1_000_000
_MOST_LOOKED_UP = 500
_MOST_MADE = 100
_PREVIOUS = "_PREVIOUS"


@dataclass(frozen=True, kw_only=True)
class Question:
    """What an incident is about. Texts are empty, and times None, where they were not given; `app` narrows it."""

    token: str = ""
    user: str = ""
    app: str = ""
    since: datetime | None = None
    until: datetime | None = None

    @property
    def asked(self) -> Asked:
        """What kind of question it is."""
        if self.token:
            return Asked.TOKEN
        return Asked.USER if self.user else Asked.EVERYBODY


@dataclass
class _Inquiry:
    """One incident, being looked into."""

    source: Source
    question: Question
    caller: "WhoAmIResponse"
    now: Moment
    left_out: list[str] = field(default_factory=list)

    def may(self, permission: str, lacks: str) -> bool:
        """Whether the caller may do this; where not, what the answer lacks is said once."""
        if permission in self.caller.permissions:
            return True
        sentence = f"{lacks}: you lack {permission}."
        if sentence not in self.left_out:
            self.left_out.append(sentence)
        return False

    def may_ask_tokens(self) -> bool:
        """Whether tokens may be asked about tokens."""
        return self.may(
            "tokens.manage", "Whether tokens and trusts still live, and what tokens could read, is not told"
        )

    def sum_up(self, actions: Sequence[str], *, who: str = "", token_id: str = "", timed: bool = True) -> Sums:
        """What the log has of some actions, in the time that is asked about or in all of it."""
        request = self._request(actions)
        request.actor, request.token_id = who, token_id
        if timed:
            for moment, asked in ((self.question.since, request.since), (self.question.until, request.until)):
                if moment is not None:
                    asked.FromDatetime(moment)
        return summed(self.source, request)

    def sum_up_since(self, actions: Sequence[str], since: Moment) -> Sums:
        """What the log has of some actions by anybody since a moment, with a margin."""
        request = self._request(actions)
        request.since.FromDatetime(datetime.fromtimestamp(max(0, since - _CLOCKS_APART) / 1_000_000, UTC))
        return summed(self.source, request)

    def _request(self, actions: Sequence[str]) -> "SummarizeEventsRequest":
        from paas.audit.v1 import audit_pb2

        return audit_pb2.SummarizeEventsRequest(actions=actions, app=self.question.app)


def facts(source: Source, question: Question) -> Facts:
    """Return what is known. Raises Failure, also for a token or a person that nothing is known of."""
    from paas.tokens.v1 import tokens_pb2

    caller = source.read("/paas.tokens.v1.TokensService/WhoAmI", tokens_pb2.WhoAmIRequest(), tokens_pb2.WhoAmIResponse)
    inquiry = _Inquiry(source, question, caller, now=int(source.now() * 1_000_000))
    if caller.apps:
        apps = ", ".join(caller.apps)
        inquiry.left_out.append(f"Your own token is limited to {apps}, so nothing is told of any other app.")
    if question.asked is Asked.EVERYBODY:
        return _of_everybody(inquiry)
    return _of_token(inquiry) if question.asked is Asked.TOKEN else _of_user(inquiry)


def _of_token(inquiry: _Inquiry) -> Facts:
    may_ask = inquiry.may_ask_tokens()
    token = suspects.by_reference(inquiry.source, inquiry.question.token, may_ask_tokens=may_ask, now=inquiry.now)
    sums = inquiry.sum_up((*rules.READS, *_DEEDS), token_id=token.token_id)
    _add_made_with_it(inquiry, token.token_id, sums)
    return _put_together(inquiry, label=token.name, tokens=[token], sums=sums)


def _add_made_with_it(inquiry: _Inquiry, token_id: str, sums: Sums) -> None:
    """Add what was done with tokens that were made with a token, and with those made with these.

    Whoever has a token makes another with it, and goes on with that one.
    """
    seen, waiting = {token_id}, _made_ids(inquiry, sums) - {token_id}
    while waiting:
        if len(seen) > _MOST_MADE:
            inquiry.left_out.append(
                f"It made more than {_MOST_MADE} tokens, directly or by others; what the rest did is not told."
            )
            return
        each = waiting.pop()
        seen.add(each)
        made = inquiry.sum_up((*rules.READS, *_DEEDS), token_id=each)
        waiting |= _made_ids(inquiry, made) - seen
        sums.merge(made)


def _made_ids(inquiry: _Inquiry, sums: Sums) -> set[str]:
    """The ids of tokens that were made. An event of a rotation names the new one, and those that end with it too: of
    these it is the one that did not live before.
    """
    made = {key[5] for key in sums.names if key[0] == MAKES_TOKENS and key[1] == OK and key[5]}
    rotated = {
        key[5]: tally.first_at
        for key, tally in sums.names.items()
        if key[0] == ROTATES_TOKENS and key[1] == OK and key[5] and key[5] not in made
    }
    for token in _looked_up(inquiry, sorted(rotated)):
        if (token.created_at or 0) >= rotated[token.token_id] - _CLOCKS_APART:
            made.add(token.token_id)
    return made


def _of_user(inquiry: _Inquiry) -> Facts:
    person = inquiry.question.user
    who = person if person.startswith("user:") else f"user:{person}"
    sums = inquiry.sum_up((*rules.READS, *_DEEDS), who=who)
    made = [] if not inquiry.may_ask_tokens() else suspects.living(inquiry.source, now=inquiry.now)
    tokens = {token.token_id: token for token in made if token.maker == who}
    # What ended, and sign-ins, are known by what was done with them, and by when they were made.
    seen = {actor.token_id for actor in sums.of_actors() if actor.token_id} | _made_ids(inquiry, sums)
    tokens |= {
        token.token_id: token
        for token in _looked_up(inquiry, sorted(seen - set(tokens)))
        if token.maker == who or (not token.maker and f"user:{token.name}" == who)
    }
    if not sums.actors:
        suspects.check_person(
            inquiry.source, who, list(tokens.values()), now=inquiry.now, may_ask_tokens=inquiry.may_ask_tokens()
        )
    return _put_together(inquiry, label=who.removeprefix("user:"), tokens=list(tokens.values()), sums=sums)


def _of_everybody(inquiry: _Inquiry) -> Facts:
    sums = inquiry.sum_up((*rules.READS, *rules.VALUE_CHANGES, *DESTROYED))
    readers = {key[5] for key in sums.actors if key[0] in rules.READS and key[1] == OK and key[2].startswith("pat:")}
    tokens = _looked_up(inquiry, sorted(readers - {""}))
    return _put_together(inquiry, label="", tokens=tokens, sums=sums)


def _looked_up(inquiry: _Inquiry, token_ids: Sequence[str]) -> list[Token]:
    """Tokens by their ids; the newest are not told from the oldest, so of very many the rest is said to be left out."""
    if not token_ids or not inquiry.may_ask_tokens():
        return []
    if len(token_ids) > _MOST_LOOKED_UP:
        more = len(token_ids) - _MOST_LOOKED_UP
        inquiry.left_out.append(f"{more:,} more tokens were used; narrow the time that is asked about.")
    return suspects.find(inquiry.source, token_ids[:_MOST_LOOKED_UP], now=inquiry.now)


def _put_together(inquiry: _Inquiry, *, label: str, tokens: Sequence[Token], sums: Sums) -> Facts:
    everybody = inquiry.question.asked is Asked.EVERYBODY
    done = [(key, times) for key, times in sums.of_names() if key[1] == OK]
    read = _reads(done)
    own = {} if everybody else _by_secret(done)
    planted = set() if everybody else _made_ids(inquiry, sums) - {token.token_id for token in tokens}
    found = Facts(
        asked=inquiry.question.asked,
        label=label,
        now=inquiry.now,
        since=_moment(inquiry.question.since),
        until=_moment(inquiry.question.until),
        tokens=tokens,
        planted_tokens=_looked_up(inquiry, sorted(planted)),
        trusts=_trusts(inquiry, done),
        read=read,
        readers=_readers(sums),
        refused=_refused(sums),
        did=[] if everybody else _deeds(done),
        own=own,
    )
    known = rules.known_since(found)
    changes, destroyed = _changes(inquiry, sums, known.values())
    reachable_apps = _reachable(inquiry, tokens) if not everybody else []
    now: dict[str, dict[str, Now] | None] = {}
    wanted = {secret.app for secret in known} | set(reachable_apps)
    if wanted and inquiry.may("secrets.list", "Which secrets an app has now is not told"):
        now = state.secrets(inquiry.source, wanted)
    released: dict[str, Released] = {}
    if known and inquiry.may("releases.read", "Whether new values were released is not told"):
        released = state.released(inquiry.source, {secret.app for secret in known})
    return Facts(
        **{
            **vars(found),
            "changes": changes,
            "destroyed": destroyed,
            "reachable": {app: sorted(now[app] or ()) for app in reachable_apps if app in now},
            "secrets": now,
            "released": released,
            "left_out": tuple(inquiry.left_out),
        }
    )


_Done = Sequence[tuple[tuple[str, int, str, str, str, str], Times]]


def _reads(done: _Done) -> dict[Secret, Times]:
    """The secrets that were read, in whatever way, and when."""
    found: dict[Secret, Times] = {}
    for (action, _, app, app_id, name, _), times in done:
        if action in rules.READS and name:
            secret = Secret(app, name, app_id)
            found[secret] = times.joined(found.get(secret))
    # A program is given a former value beside its successor, and that is what is to be replaced.
    for secret in list(found):
        successor = Secret(secret.app, secret.name.removesuffix(_PREVIOUS), secret.app_id)
        if secret.name.endswith(_PREVIOUS) and successor in found:
            found[successor] = found[successor].joined(found.pop(secret))
    return found


def _refused(sums: Sums) -> int:
    """How often values were asked for in vain: each name counts, and a program that was to be given all counts once."""
    names = [tally.count for key, tally in sums.names.items() if key[0] == rules.GET and key[1] == DENIED]
    runs = [tally.count for key, tally in sums.actors.items() if key[0] == rules.RUN and key[1] == DENIED]
    return sum(names) + sum(runs)


def _moment(time: datetime | None) -> Moment | None:
    return None if time is None else int(time.timestamp() * 1_000_000)


def _by_secret(done: Iterable[tuple[tuple[str, int, str, str, str, str], Times]]) -> dict[Secret, dict[str, Times]]:
    found: dict[Secret, dict[str, Times]] = {}
    for (action, _, app, app_id, name, _), times in done:
        if action in rules.VALUE_CHANGES and name:
            found.setdefault(Secret(app, name, app_id), {})[action] = times
    return found


def _changes(
    inquiry: _Inquiry, sums: Sums, known: Iterable[Moment]
) -> tuple[dict[Secret, dict[str, Times]], dict[str, Moment]]:
    """What everybody has changed since the first value got out, also after the time that is asked about."""
    first = min(known, default=None)
    if first is None:
        return {}, {}
    is_all_there = inquiry.question.asked is Asked.EVERYBODY and inquiry.question.until is None
    if not is_all_there:
        sums = inquiry.sum_up_since((*rules.VALUE_CHANGES, *DESTROYED), first)
    done = [(key, times) for key, times in sums.of_names() if key[1] == OK]
    return _by_secret(done), {key[3]: times.last_at for key, times in done if key[0] in DESTROYED and key[3]}


def _readers(sums: Sums) -> list[Actor]:
    reads = Sums(actors={key: tally for key, tally in sums.actors.items() if key[0] in rules.READS})
    return reads.of_actors()


def _deeds(done: Iterable[tuple[tuple[str, int, str, str, str, str], Times]]) -> list[Deed]:
    found = [
        Deed(action=action, app=app, name=name, times=times, target_token_id=target)
        for (action, _, app, _, name, target), times in done
        if action not in rules.READS
    ]
    return sorted(found, key=lambda deed: (-deed.times.last_at, deed.action, deed.app, deed.name))


def _trusts(inquiry: _Inquiry, done: Iterable[tuple[tuple[str, int, str, str, str, str], Times]]) -> list[Trust]:
    """Trusts made in the time, and those a person made that live."""
    names = {key[4] for key, _ in done if key[0] == MAKES_TRUSTS and key[4]}
    person = inquiry.question.user
    if not names and not person:
        return []
    if not inquiry.may_ask_tokens():
        return [Trust(name=name, is_living=None) for name in sorted(names)]
    living = state.trusts(inquiry.source)
    if person:
        names |= {name for name, creator in living.items() if creator.removeprefix("user:") == person}
    return [Trust(name=name, is_living=name in living) for name in sorted(names)]


def _reachable(inquiry: _Inquiry, tokens: Sequence[Token]) -> list[str]:
    """The apps whose secrets the tokens could have read."""
    able = [token for token in tokens if rules.could_reveal(token)]
    limited = {app for token in able for app in token.apps}
    if any(not token.apps for token in able) and inquiry.may("apps.read", "Which apps there are is not told"):
        limited |= set(state.apps(inquiry.source))
    if inquiry.caller.apps:
        limited &= set(inquiry.caller.apps)
    if inquiry.question.app:
        limited &= {inquiry.question.app}
    return sorted(limited)

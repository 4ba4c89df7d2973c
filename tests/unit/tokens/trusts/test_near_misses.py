"""10,000 tokens that are nearly right, each refused, and each for what is wrong with it.

Whole claims of each CI system with one thing changed a little: a letter, its case, a character that looks alike, what
stands before or behind, another type, a time. The control: unchanged they are all taken. On the rules alone.
"""

import random
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

from services.tokens.trusts.trust import Claims, Trust
from tests.fakes import ci_jobs
from tests.unit.tokens.trusts.test_verdicts import NOW, refusal

MISSES: Final = 10_000
JOBS: Final[list[tuple[Trust, Callable[..., dict[str, Any]]]]] = [
    (ci_jobs.trust_of(), ci_jobs.github),
    (ci_jobs.trust_of(subject="repo:octo/app:ref:refs/heads/*"), ci_jobs.github_with_ids),
    (ci_jobs.gitlab_trust(), ci_jobs.gitlab),
    (ci_jobs.circleci_trust(), ci_jobs.circleci),
]
# Cyrillic letters that look like Latin ones, and Latin ones that look like digits.
_ALIKE: Final = {"a": "\u0430", "e": "\u0435", "o": "\u043e", "p": "\u0440", "c": "\u0441", "0": "O", "1": "l"}
Miss = tuple[dict[str, Any], str]
"""Changed claims, and what they are to be refused for."""


def test_ten_thousand_near_misses_are_refused_for_what_is_wrong() -> None:
    chance = random.Random(20261129)
    seen: Counter[str] = Counter()
    for number in range(MISSES):
        trust, job = JOBS[number % len(JOBS)]
        whole = job(NOW)
        assert refusal(trust, whole) is None
        changed, expected = chance.choice(_KINDS)(chance, trust, whole)
        assert refusal(trust, {**whole, **changed}) == expected, (number, changed, expected)
        seen[expected] += 1
    assert sum(seen.values()) == MISSES
    assert set(seen) >= {
        "issuer", "audience", "subject", "claim repository_id", "claim project_id", "time", "ended", "lifetime", "jti",
        "pull request", "claim oidc.circleci.com/vcs-origin",
    }  # fmt: skip
    assert min(seen.values()) > 20


def _issuer(chance: random.Random, trust: Trust, claims: Claims) -> Miss:
    return {"iss": _nearly(chance, trust.issuer)}, "issuer"


def _audience(chance: random.Random, trust: Trust, claims: Claims) -> Miss:
    aud = chance.choice(
        [
            _nearly(chance, trust.audience),
            [_nearly(chance, trust.audience)],
            [trust.audience, "sigstore"],
            ["sigstore", trust.audience],
            [trust.audience] * 2,
            {"": trust.audience},
            None,
            7,
        ]
    )
    return {"aud": aud}, "audience"


def _subject(chance: random.Random, trust: Trust, claims: Claims) -> Miss:
    """Changes what the trust compares: of GitHub what follows the repository, elsewhere all before a `*`."""
    sub = str(claims["sub"])
    if trust.provider == "github":
        head, _, _ = sub.partition(":ref:")
        return {"sub": f"{head}:{_nearly(chance, 'ref:refs/heads/', within=True)}main"}, "subject"
    if trust.subject.endswith("*"):
        fixed = trust.subject[:-1]
        return {"sub": _nearly(chance, fixed, within=True) + sub[len(fixed) :]}, "subject"
    return {"sub": chance.choice([_nearly(chance, sub), [sub], None])}, "subject"


def _ids_in_subject(chance: random.Random, trust: Trust, claims: Claims) -> Miss:
    owner, repository = "123456", "456789"
    if chance.random() < 0.5:
        owner = _other_number(chance, owner)
    else:
        repository = _other_number(chance, repository)
    if trust.provider != "github":
        return _subject(chance, trust, claims)
    return {"sub": f"repo:octo@{owner}/app@{repository}:ref:refs/heads/main"}, "subject"


def _condition(chance: random.Random, trust: Trust, claims: Claims) -> Miss:
    name, value = chance.choice(list(trust.conditions))
    changed = chance.choice([_nearly(chance, value), [value], {value: value}, None, 0.5, _nearly(chance, value)])
    more = {"job_project_id": changed} if name == "project_id" else {}
    return {name: changed, **more}, f"claim {name}"


def _times(chance: random.Random, trust: Trust, claims: Claims) -> Miss:
    now = int(NOW.timestamp())
    seconds = chance.randrange(1, 100_000)
    misses: list[Miss] = [
        ({"exp": now - seconds + 1, "iat": now - seconds - 60}, "ended"),
        ({"exp": None}, "ended"),
        ({"exp": str(now + 60)}, "ended"),
        ({"exp": True}, "ended"),
        ({"exp": float("nan")}, "ended"),
        ({"exp": 10**40}, "ended"),
        ({"iat": now + 30 + seconds, "exp": now + 200_000}, "time"),
        ({"iat": None}, "time"),
        ({"iat": str(now)}, "time"),
        ({"nbf": now + 30 + seconds}, "time"),
        ({"nbf": None}, "time"),
        ({"exp": now + int(timedelta(hours=24).total_seconds()) + seconds}, "lifetime"),
        ({"iat": now + 20, "exp": now + chance.randrange(1, 21)}, "lifetime"),
    ]
    return chance.choice(misses)


def _jti(chance: random.Random, trust: Trust, claims: Claims) -> Miss:
    return {"jti": chance.choice(["", "x" * 257, 7, None, ["example-id"], True])}, "jti"


def _pull_request(chance: random.Random, trust: Trust, claims: Claims) -> Miss:
    number = chance.randrange(1, 99_999)
    signs: list[dict[str, Any]] = [
        {"event_name": chance.choice(["pull_request", "pull_request_target", "pull_request_review"])},
        {"ref": f"refs/pull/{number}/merge"},
        {"ref": f"refs/merge-requests/{number}/head"},
        {"ref_path": f"refs/merge-requests/{number}/merge"},
        {"head_ref": "topic"},
        {"base_ref": "main"},
        {"pipeline_source": chance.choice(["merge_request_event", "external_pull_request_event"])},
        {"ref_type": "merge_request"},
        {"job_project_id": str(number + 28)},
    ]
    if trust.provider == "github":
        signs += [{"event_name": None}, {"event_name": ["push"]}]
    if trust.provider == "gitlab":
        signs += [{"pipeline_source": None}, {"job_project_id": 28}]
    if trust.provider == "circleci":
        signs.append({"sub": f"{trust.subject[:-1]}u/vcs-origin/{ci_jobs.ORIGIN}/vcs-ref/refs/heads/pull/{number}"})
    return chance.choice(signs), "pull request"


_KINDS: Final[list[Callable[[random.Random, Trust, Claims], Miss]]] = [
    _issuer,
    _audience,
    _subject,
    _ids_in_subject,
    _condition,
    _condition,
    _times,
    _jti,
    _pull_request,
]


def _nearly(chance: random.Random, text: str, *, within: bool = False) -> str:
    """A text that is another one; `within`, nothing is only added behind it, where a `*` may stand."""
    place = chance.randrange(len(text))
    letter = text[place]
    changed = [
        text[:place] + text[place + 1 :],
        text[:place] + letter + text[place:],
        text[:place] + chance.choice("abcdefghijklmnopqrstuvwxyz0123456789/:@*%\0 ") + text[place + 1 :],
        text[:place] + letter.swapcase() + text[place + 1 :],
        text[:place] + _ALIKE.get(letter, "") + text[place + 1 :],
        " " + text,
        "x" + text,
        text.upper(),
        text.replace("/", "%2F"),
        text.replace("/", "//", 1),
        f"{text}\n{text}",
        "",
    ]
    if not within:
        changed += [text + each for each in ("/", ".", " ", "\n", "\0", "*", "x", "#", "?", text)]
    near = chance.choice(changed)
    return near if near != text and not (within and near.startswith(text)) else f"{text[1:]}{text[0]}"


def _other_number(chance: random.Random, number: str) -> str:
    return chance.choice(
        [number[:-1], f"0{number}", f"{number}{chance.randrange(10)}", str(int(number) + 1), number[::-1]]
    )

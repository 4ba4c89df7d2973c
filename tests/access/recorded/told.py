"""What a row of the table says: the events of one way to call a method, or why there is none."""

from dataclasses import dataclass, replace
from typing import Final


@dataclass(frozen=True, kw_only=True)
class Who:
    """Whose doing an event is, as it says so. `token` is which of the tokens that the tests know was used."""

    actor: str
    token: str = ""
    maker: str = ""
    on_behalf_of: str = ""


@dataclass(frozen=True)
class Told:
    """One event. In `targets` a release's number is `vN`; `tokens` are those that something was done to."""

    action: str
    by: Who
    targets: tuple[str, ...] = ()
    app: str = "web"
    outcome: str = "ok"
    tokens: tuple[str, ...] = ()


@dataclass(frozen=True)
class Nothing:
    """That there is no event, and why."""

    why: str


Row = tuple[Told, ...] | Nothing

ADA: Final = Who(actor="user:ada@example.com", token="ada's sign-in")  # which token; no token
CI: Final = Who(actor="pat:github-ci", token="github-ci", maker=ADA.actor)
OPERATOR: Final = Who(actor="service:operator")
PROVISIONER: Final = Who(actor="service:provisioner")
RELEASER: Final = Who(actor="service:releaser")


def for_(service: Who, user: Who) -> Who:
    """A service that acts for a user, whose identity it carries along."""
    return replace(service, on_behalf_of=user.actor, token=user.token, maker=user.maker)


def named(service: Who, user: Who) -> Who:
    """A service that acts for a user, or by the order of a service, of whom it knows the name."""
    return replace(service, on_behalf_of=user.actor)

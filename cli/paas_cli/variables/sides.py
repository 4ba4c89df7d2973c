"""All that may be known of one app's variables: values of config vars, and the names of what is sealed."""

from dataclasses import dataclass, field, replace

from paas_cli.commands.config import listing
from paas_cli.groups import sealed_names, unseen
from paas_cli.session import Session
from paas_cli.terminal.text import visible
from paas_cli.variables import secret_names

CONFIG, MANAGED, SECRET = "config", "managed", "secret"


@dataclass(frozen=True, kw_only=True)
class Side:
    """One app. `secrets` is None where not all can be listed; `etag` is of its config vars.

    `behind` are names of groups that the app has itself: they come to the fore where its own is unset.
    """

    app: str
    config: dict[str, str] = field(repr=False)
    managed: tuple[str, ...]
    secrets: tuple[str, ...] | None
    etag: str
    behind: tuple[str, ...] = ()

    def kind(self, name: str) -> str:
        """`config`, `managed`, `secret`, or empty where there is nothing of the name."""
        if name in self.config:
            return CONFIG
        if name in self.managed:
            return MANAGED
        return SECRET if name in (self.secrets or ()) else ""

    @property
    def names(self) -> list[str]:
        """All names, in the order of the lists."""
        return [*self.config, *self.managed, *(self.secrets or ())]


def fetch(session: Session) -> Side:
    """The app's own, as it is live, with a note where names of secrets are not told. Raises Failure."""
    return _own(session, listing.fetch(session))


def environment(session: Session) -> Side:
    """All that the app is given: its own, and then what it gets of groups. Raises Failure.

    Where a group is out of the caller's sight a note says so, and no secrets are listed: a name may be there.
    """
    found = listing.fetch(session)
    own = _own(session, found)
    secrets = own.secrets
    if found.hidden_groups:
        session.note(f"{unseen.words(found.hidden_groups)}: what comes from there is left out.")
        secrets = None
    if secrets is not None and found.groups:
        more = sealed_names.or_none(session, found)
        secrets = None if more is None else (*secrets, *(name for name in more if name not in own.names))
    from_groups = {var.name: var.value for var, _ in found.from_groups() if var.name not in own.names}
    behind = tuple(name for group in found.groups for name in group.own_names)
    return replace(own, config={**own.config, **from_groups}, secrets=secrets, behind=behind)


def _own(session: Session, found: listing.Listing) -> Side:
    secrets = secret_names.or_none(session)
    if secrets is None:
        session.note(f"The names of secrets of {visible(session.app)} can't be listed now, and are left out.")
    return Side(
        app=session.app,
        config={var.name: var.value for var in found.vars if var.kind == listing.CONFIG},
        managed=tuple(var.name for var in found.vars if var.kind == listing.MANAGED),
        secrets=None if secrets is None else tuple(secrets),
        etag=found.etag,
    )

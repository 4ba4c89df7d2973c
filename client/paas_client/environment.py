"""An app's live variables as its release has them: config vars, secrets, what add-ons manage, and shared groups."""

from collections.abc import Iterable

from paas.config.v1 import config_pb2

from paas_client.errors import PermissionDenied
from paas_client.services.every import Services


class Environment(dict[str, str]):
    """Values by name. Its `repr` has the names alone, since a notebook shows what the last line of a cell is."""

    def __repr__(self) -> str:
        """The names alone."""
        return f"Environment({', '.join(sorted(self))})"

    __str__ = __repr__


def environment_of(services: Services, app: str) -> Environment:
    """The variables of an app, over those of its shared groups, of which the one attached first wins.

    Config vars are asked for first, and everything sealed in one call for the app and one for each group, which are
    audited. Raises PaasError; PermissionDenied where a group is out of sight, since half an environment is none.
    """
    pages = list(services.config.list_vars(app=app).pages())
    groups = pages[0].groups
    if hidden := [group.group for group in groups if group.hidden]:
        raise PermissionDenied(
            f"{app} has {', '.join(hidden)}, which you may not see, and so not all of its environment.",
            code="PERMISSION_DENIED",
            reason="GROUP_HIDDEN",
        )
    found = _opened(services, app, [var for page in pages for var in page.vars])
    own = {*found, *(var.name for page in pages for var in page.vars)}
    for group in groups:
        given = _opened(services, group.group, group.vars)
        found = {name: value for name, value in given.items() if name not in own} | found
    return Environment(found)


def _opened(services: Services, app: str, listed: Iterable[config_pb2.Var]) -> dict[str, str]:
    """Config vars that are listed of an app or a group, and what is sealed of it."""
    kinds = {var.name: (var.kind, var.value) for var in listed}
    sealed = services.secrets.reveal_environment(app=app).values
    return {name: value for name, (kind, value) in kinds.items() if kind == config_pb2.VAR_KIND_CONFIG} | {
        # A managed value that config no longer lists is on its way out. A name in both is sealed by now.
        each.name: each.value
        for each in sealed
        if not each.managed or kinds.get(each.name, (0, ""))[0] == config_pb2.VAR_KIND_MANAGED
    }

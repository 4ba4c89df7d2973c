"""All that is staged of an app: config vars, secrets and its spec, each as far as the caller may see it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from paas_cli import errors
from paas_cli.errors import Failure
from paas_cli.session import Session

if TYPE_CHECKING:
    from paas.config.v1.config_pb2 import AppSpec, GetAppResponse, ListVarsResponse, StagedSpec, StagedVar
    from paas.secrets.v1.secrets_pb2 import ListSecretsResponse, StagedSecret

AnswerT = TypeVar("AnswerT")


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What is staged. `hidden` has the kinds that are not shown to this caller: `config`, `secret`, `spec`."""

    config: "tuple[StagedVar, ...]"
    secrets: "tuple[StagedSecret, ...]"
    spec: "StagedSpec | None"
    live_spec: "AppSpec | None"
    hidden: tuple[str, ...]

    @property
    def is_empty(self) -> bool:
        """Whether nothing is staged, as far as can be seen."""
        return not (self.config or self.secrets or self.spec)


_NAMES = {"config": "Staged config vars", "secret": "Staged secrets", "spec": "A staged change of what the app runs"}


def fetch(session: Session) -> Draft:
    """Everything the caller may see, with a note for what they may not.

    Raises Failure where a service is away, and where they may see neither config vars nor secrets.
    """
    denials: dict[str, Failure] = {}
    of_config = _allowed("config", lambda: _vars(session), denials)
    of_secrets = _allowed("secret", lambda: _secrets(session), denials)
    if of_config is None and of_secrets is None:
        raise denials["config"]
    app = _allowed("spec", lambda: _app(session), denials)
    for kind, denial in denials.items():
        session.note(f"{_NAMES[kind]} {'is' if kind == 'spec' else 'are'} not shown: {denial.sentence}")
    return Draft(
        config=tuple(of_config.staged) if of_config is not None else (),
        secrets=tuple(of_secrets.staged) if of_secrets is not None else (),
        spec=app.staged_spec if app is not None and app.HasField("staged_spec") else None,
        live_spec=app.app.spec if app is not None else None,
        hidden=tuple(denials),
    )


def _allowed(kind: str, ask: Callable[[], AnswerT], denials: dict[str, Failure]) -> AnswerT | None:
    try:
        return ask()
    except Failure as failure:
        if failure.exit_code != errors.NOT_ALLOWED:
            raise
        denials[kind] = failure
        return None


def _vars(session: Session) -> "ListVarsResponse":
    from paas.config.v1 import config_pb2

    request = config_pb2.ListVarsRequest(app=session.app, page_size=1)  # the first page has all that is staged
    return session.read("/paas.config.v1.ConfigService/ListVars", request, config_pb2.ListVarsResponse)


def _secrets(session: Session) -> "ListSecretsResponse":
    from paas.secrets.v1 import secrets_pb2

    request = secrets_pb2.ListSecretsRequest(app=session.app, page_size=1)
    return session.read("/paas.secrets.v1.SecretsService/ListSecrets", request, secrets_pb2.ListSecretsResponse)


def _app(session: Session) -> "GetAppResponse | None":
    """What the app runs, with what is staged of it; None for a shared group, which runs nothing."""
    from paas.config.v1 import config_pb2

    request = config_pb2.GetAppRequest(app=session.app)
    try:
        return session.read("/paas.config.v1.ConfigService/GetApp", request, config_pb2.GetAppResponse)
    except Failure as failure:
        if failure.details.get("reason") == "NOT_AN_APP":
            return None
        raise

"""All config vars of an app, page by page; `config` and `config:export` share it."""

from typing import TYPE_CHECKING

from paas_cli.session import Session

if TYPE_CHECKING:
    from paas.config.v1.config_pb2 import Var


def fetch(session: Session) -> "tuple[list[Var], int]":
    """The variables in the server's order, and the version listed. Raises Failure."""
    from paas.config.v1 import config_pb2

    found: list[Var] = []
    request = config_pb2.ListVarsRequest(app=session.app)
    while True:
        answer = session.read("/paas.config.v1.ConfigService/ListVars", request, config_pb2.ListVarsResponse)
        found.extend(answer.vars)
        if not answer.next_page_token:
            return found, answer.version
        request.page_token = answer.next_page_token

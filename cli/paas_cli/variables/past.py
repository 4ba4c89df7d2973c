"""Config vars as an app had them with an earlier version."""

from paas_cli.errors import NOT_ALLOWED, Failure
from paas_cli.session import Session

_PATH = "/paas.config.v1.ConfigService/ListVars"


def config(session: Session, version: int) -> dict[str, str] | None:
    """Names and values of then, without what is sealed by now; None for who may not read them. Raises Failure."""
    from paas.config.v1 import config_pb2

    found: dict[str, str] = {}
    request = config_pb2.ListVarsRequest(app=session.app, version=version)
    while True:
        try:
            answer = session.read(_PATH, request, config_pb2.ListVarsResponse)
        except Failure as failure:
            if failure.exit_code != NOT_ALLOWED:
                raise
            return None
        found |= {var.name: var.value for var in answer.vars if var.kind == config_pb2.VAR_KIND_CONFIG}
        if not answer.next_page_token:
            return found
        request.page_token = answer.next_page_token

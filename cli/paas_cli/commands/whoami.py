"""`paas whoami`: who the gateway takes you for."""

from typing import TYPE_CHECKING

from paas_cli import times
from paas_cli.command import command as declare
from paas_cli.session import Session
from paas_cli.terminal_text import visible

if TYPE_CHECKING:
    from paas.tokens.v1.tokens_pb2 import WhoAmIResponse


@declare("whoami", app=False)
def command(session: Session) -> None:
    """Show who you are and what you may do.

    For example:
      paas whoami
      paas whoami --json
    """
    run(session)


def run(session: Session) -> None:
    """Ask and print."""
    answer = ask(session)
    if session.as_json:
        session.out.json(
            {
                "subject": answer.subject,
                "kind": answer.kind,
                "tenant": answer.tenant,
                "permissions": list(answer.permissions),
                "apps": list(answer.apps),
                "expires_at": times.or_null(answer.expires_at),
                "gateway": str(session.sign_in.address),
                "token_source": session.sign_in.source,
            }
        )
        return
    facts = [
        ("subject", answer.subject),
        ("tenant", answer.tenant),
        ("permissions", " ".join(answer.permissions)),
        ("apps", " ".join(answer.apps) or "all"),
        ("expires", times.to_second(answer.expires_at)),
        ("gateway", str(session.sign_in.address)),
        ("token from", session.sign_in.source),
    ]
    session.out.facts([(name, visible(value)) for name, value in facts if value])


def ask(session: Session) -> "WhoAmIResponse":
    """Who the gateway takes this session for. Raises Failure."""
    from paas.tokens.v1 import tokens_pb2

    return session.read("/paas.tokens.v1.TokensService/WhoAmI", tokens_pb2.WhoAmIRequest(), tokens_pb2.WhoAmIResponse)

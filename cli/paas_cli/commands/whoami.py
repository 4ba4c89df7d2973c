"""`paas whoami`: who the gateway takes you for."""

from contextlib import suppress
from typing import TYPE_CHECKING

from paas_cli.command import command as declare
from paas_cli.errors import Failure
from paas_cli.session import Session
from paas_cli.signin.profile import SignIn
from paas_cli.terminal import times
from paas_cli.terminal.text import visible

if TYPE_CHECKING:
    from paas.tokens.v1.tokens_pb2 import WhoAmIResponse


@declare("whoami", app=False)
def command(session: Session) -> None:
    """Show who you are and what you may do.

    Also which app, profile and environment a command run here is about, and what chose each.

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
                "sign_in": _document(session.sign_in),
                "chosen": _chosen(session),
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
        *_how(session.sign_in),
        *((name, f"{choice['name']} (from {choice['from']})") for name, choice in _chosen(session).items() if choice),
    ]
    session.out.facts([(name, visible(value)) for name, value in facts if value])


def _chosen(session: Session) -> dict[str, dict[str, str] | None]:
    """The app, profile and environment of a command that is run here, and what chose each."""
    app = None
    with suppress(Failure):  # none is chosen, which is no trouble here
        app = session.choices.app()
    found = {"app": app, "profile": session.place.chosen, "environment": session.choices.environment()}
    return {what: {"name": choice.name, "from": choice.source} if choice else None for what, choice in found.items()}


def _how(sign_in: SignIn) -> list[tuple[str, str]]:
    """How one is signed in, and until when that goes on by itself."""
    if (sso := sign_in.sso) is None:
        return [("token from", sign_in.source)]
    facts = [("signed in at", sso.issuer), ("kept in", _kept_in(sso.in_keyring, sign_in.source))]
    if sso.idle_until is not None:
        facts.append(("session", f"until {times.of_seconds(sso.idle_until)}, or longer when it is used before"))
    return facts


def _kept_in(in_keyring: bool, file: str) -> str:
    return "the system's keyring" if in_keyring else file


def _document(sign_in: SignIn) -> dict[str, object]:
    if (sso := sign_in.sso) is None:
        return {"kind": "token", "issuer": None, "kept_in": None, "session_ends_at": None}
    return {
        "kind": sso.kind,
        "issuer": sso.issuer,
        "kept_in": "keyring" if sso.in_keyring else "file",
        "session_ends_at": times.of_seconds(sso.idle_until) if sso.idle_until is not None else None,
    }


def ask(session: Session) -> "WhoAmIResponse":
    """Who the gateway takes this session for. Raises Failure."""
    from paas.tokens.v1 import tokens_pb2

    return session.read("/paas.tokens.v1.TokensService/WhoAmI", tokens_pb2.WhoAmIRequest(), tokens_pb2.WhoAmIResponse)

"""Signing in with a token that was made elsewhere: typed, or piped in. Loaded by `login` alone."""

from paas_cli.errors import NOT_SIGNED_IN, Failure
from paas_cli.session import Session
from paas_cli.signin import profile, profile_store
from paas_cli.signin.profile import Place, Profile, SignIn
from paas_cli.terminal import streams, times
from paas_cli.terminal.text import visible

# More than any token has, and enough to see that what comes is none.
_MOST = 64 * 1024


def store(place: Place, session: Session) -> None:
    """Read the token, check it with the gateway, store it in the profile. Raises Failure."""
    is_typed = session.surroundings.stdin.isatty()
    token = profile.check_token(_read(session, is_typed=is_typed), source="you" if is_typed else "standard input")
    session.sign_in = SignIn(
        place.gateway, token, source="this sign-in", whose="the token you gave", ca_file=place.ca_file
    )
    from paas_cli.commands.whoami import ask

    try:
        answer = ask(session)
    except Failure as failure:
        if failure.exit_code == NOT_SIGNED_IN:
            failure.sentence = (
                f"The token you gave was not accepted by {place.gateway}: it is mistyped, expired, revoked or another "
                "gateway's; nothing was stored."
            )
        raise
    entry = Profile(
        gateway=str(place.gateway),
        token=token,
        ca_file=place.ca_file,
        subject=answer.subject,
        ends_at=times.to_second(answer.expires_at) or None,
    )
    profile_store.put(place.file, place.name, entry)
    session.surroundings.done()
    if session.as_json:
        session.out.json(
            {
                "profile": place.name,
                "gateway": str(place.gateway),
                "subject": answer.subject,
                "file": place.file.path,
                "issuer": None,
                "kept_in": "file",
            }
        )
    else:
        mark = session.out.styled("✓", "green")
        session.out.prose(
            f"{mark} Signed in to {place.gateway} as {visible(answer.subject)} (profile {visible(place.name)})"
        )


def _read(session: Session, *, is_typed: bool) -> str:
    """The whole of what came, so that a token cut in two is refused and not used by half."""
    if is_typed:
        from paas_cli.terminal import prompt

        token = prompt.hidden(session, "Personal access token (not shown): ")
        if token is None:
            raise Failure("More than one line came, and a token is one; nothing was stored, so copy it again, alone.")
    else:
        token = streams.read(session.surroundings.stdin, _MOST).decode("ascii", "replace")
    if not token.strip():
        raise Failure("No token was given; nothing was stored.")
    return token.strip()

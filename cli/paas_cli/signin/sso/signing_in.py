"""What `paas login` does where the gateway has single sign-on: find the issuer, have somebody sign in, keep the grant.

Nothing is kept before the gateway has accepted it, and whatever ends it earlier has the issuer end the session again.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from paas_cli.errors import NOT_SIGNED_IN, UNAVAILABLE, Failure
from paas_cli.files.file_lock import locked
from paas_cli.session import Session
from paas_cli.signin import profile_store
from paas_cli.signin.profile import Place, Profile, SignIn, own_folder
from paas_cli.signin.sso import ending, kept, shown, store
from paas_cli.signin.sso.issuer import metadata, offer
from paas_cli.signin.sso.issuer.grant import Grant
from paas_cli.signin.sso.issuer.https import IssuerError, Refusal, Unreachable
from paas_cli.signin.sso.issuer.metadata import Metadata
from paas_cli.signin.sso.issuer.offer import Offer
from paas_cli.signin.sso.store import StoredSignIn
from paas_cli.terminal.text import visible

if TYPE_CHECKING:
    from paas.tokens.v1.tokens_pb2 import WhoAmIResponse

_REFUSALS = {
    "access_denied": "The sign-in was declined at {issuer}; nothing was stored.",
    "expired_token": "Nobody signed in at {issuer} in time; nothing was stored, so run {login} again.",
}


def sign_in(place: Place, session: Session, *, web: bool, may_open: bool) -> None:
    """Sign somebody in, and keep it in this user's settings. Raises Failure, with nothing kept."""
    try:
        found = offer.ask(place.gateway, ca_file=place.ca_file)
    except IssuerError as error:
        raise _unasked(f"The gateway at {place.gateway}", error) from None
    if found is None:
        raise _by_the_operator(place, session)
    try:
        issuer = metadata.discover(found.issuer, ca_file=place.ca_file)
        granted = _granted(issuer, found, place, session, web=web, may_open=may_open)
    except Refusal as refusal:
        raise _refused(refusal, found, session) from None
    except IssuerError as error:
        raise _unasked(f"{visible(found.issuer)}, where {place.gateway} has people sign in,", error) from None
    blank = _blank(found, issuer, "web" if web else "device")
    _keep(place, session, kept.renewed(blank, granted, now=session.surroundings.now()))


def _granted(issuer: Metadata, found: Offer, place: Place, session: Session, *, web: bool, may_open: bool) -> Grant:
    people = shown.People(session, may_open=may_open)
    if web:
        if issuer.authorization is None:
            raise IssuerError("it has no authorization_endpoint, which --web needs")
        from paas_cli.signin.sso.flows import web as in_browser

        return in_browser.sign_in(
            issuer,
            issuer.authorization,
            client_id=found.client_id,
            scopes=found.scopes,
            ca_file=place.ca_file,
            show=people.show_page,
        )
    if issuer.device is None:
        raise IssuerError("it has no device_authorization_endpoint; --web does without one")
    from paas_cli.signin.sso.flows import device

    waiting = device.begin(issuer.device, client_id=found.client_id, scopes=found.scopes, ca_file=place.ca_file)
    people.show_code(waiting)
    return device.wait(
        waiting, issuer.token, client_id=found.client_id, ca_file=place.ca_file, sleep=session.surroundings.sleep
    )


def _blank(found: Offer, issuer: Metadata, kind: str) -> StoredSignIn:
    return StoredSignIn(
        issuer=found.issuer,
        client_id=found.client_id,
        kind=kind,
        token_endpoint=str(issuer.token),
        end_endpoint=str(issuer.end) if issuer.end is not None else None,
        access_token="",
        expires_at=0,
        renew_at=0,
        idle_until=None,
        in_keyring=False,
    )


def _keep(place: Place, session: Session, signed_in: StoredSignIn) -> None:
    path = store.path(own_folder(session.surroundings.environ), place.name, place.gateway)
    session.sign_in = SignIn(
        place.gateway, signed_in.access_token, source="this sign-in", whose="this sign-in", ca_file=place.ca_file
    )
    from paas_cli.commands.whoami import ask

    try:
        answer = _accepted(ask, session, issuer=signed_in.issuer)
        with locked(path), kept.uninterrupted():
            written = kept.keep(path, signed_in)
            entry = Profile(gateway=str(place.gateway), ca_file=place.ca_file, subject=answer.subject)
            profile_store.put(place.file, place.name, entry)
    except BaseException:
        with suppress(IssuerError, Failure):
            ending.end(path, replace(signed_in, in_keyring=False), ca_file=place.ca_file)
        raise
    session.surroundings.done()
    shown.signed_in(session, place, written, subject=answer.subject, path=path)


def _accepted(ask: "Callable[[Session], WhoAmIResponse]", session: Session, *, issuer: str) -> "WhoAmIResponse":
    """Who the gateway takes them for. Raises Failure."""
    try:
        return ask(session)
    except Failure as failure:
        if failure.exit_code != NOT_SIGNED_IN:
            raise
        raise Failure(
            f"You signed in at {visible(issuer)}, but the gateway does not accept it: your account may have no "
            "tenant or no role there, which its operator can tell; nothing was stored.",
            exit_code=NOT_SIGNED_IN,
            details=failure.details,
        ) from None


def _by_the_operator(place: Place, session: Session) -> Failure:
    here = (
        " If its stack is one of this machine, `make signin` in the folder of the stack signs you in as its operator."
        if place.gateway.is_loopback
        else " Its operator gives sign-ins."
    )
    gateway = f" --gateway {place.gateway}" if place.named_by == "--gateway" else ""
    return Failure(
        f"The gateway at {place.gateway} has no single sign-on.{here} If you have a token, store it with "
        f"{session.hint(f'login{gateway} --token', about_app=False)}.",
        exit_code=NOT_SIGNED_IN,
    )


def _refused(refusal: Refusal, found: Offer, session: Session) -> Failure:
    login = session.hint("login", about_app=False)
    sentence = _REFUSALS.get(
        refusal.code, f"{{issuer}} refused the sign-in ({refusal.code}); nothing was stored. Its operator knows more."
    )
    return Failure(sentence.format(issuer=visible(found.issuer), login=login), exit_code=NOT_SIGNED_IN)


def _unasked(who: str, error: IssuerError) -> Failure:
    if isinstance(error, Unreachable):
        return Failure(f"{who} can't be reached ({visible(str(error))}); try again in a moment.", exit_code=UNAVAILABLE)
    return Failure(f"{who} can't be used to sign in: {visible(str(error))}; nothing was stored.")

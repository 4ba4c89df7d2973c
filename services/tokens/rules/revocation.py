"""What ends when a token is revoked, and that every name of it is on record."""

from collections.abc import Sequence
from datetime import datetime

from paaskit.audit import Actor
from paaskit.errors import FieldViolation, InvalidInput, NotFound, PermissionDenied
from paaskit.identity import Identity
from paaskit.write_path import Decision
from services.tokens.rules.sight import is_own
from services.tokens.token import Token, TokenRows

_LONGEST_REFERENCE = 64
_MOST_REFERENCES = 100


def check_reference(reference: str) -> None:
    """Raise NotFound for a text that is neither a token's name nor its id."""
    if not reference or len(reference) > _LONGEST_REFERENCE or "\0" in reference:
        raise token_not_found()


def check_references(references: Sequence[str]) -> None:
    """Raise InvalidInput unless so many tokens may be looked for at once. A text that names none finds none."""
    if not 1 <= len(references) <= _MOST_REFERENCES:
        raise InvalidInput(
            f"1 to {_MOST_REFERENCES} tokens are looked for at a time.", fields=[FieldViolation("tokens", "size")]
        )


def decide_revocation(
    found: Sequence[Token], *, identity: Identity, actor: Actor, now: datetime
) -> Decision[TokenRows]:
    """Say what is written, given the living token that is meant and then all living ones made with it.

    Raises NotFound where none is meant, and PermissionDenied for one that may do more than whoever revokes it. The
    names may need several events; they are split where events are kept.
    """
    if not found:
        raise token_not_found()
    # By a name they may be several: the newest, and those it was rotated from, which may each do as much or more.
    for token in found:
        if token.name == found[0].name:
            refuse_what_may_do_more(token, identity, to="revoke")
    return Decision(
        answer={},
        rows=TokenRows(at=now, ended=[token.token_id for token in found]),
        events=[
            actor.event(
                "tokens.revoke",
                targets=[token.name for token in found],
                target_tokens=[token.target for token in found],
            )
        ],
    )


def refuse_what_may_do_more(token: Token, identity: Identity, *, to: str) -> None:
    """Raise PermissionDenied, so that nobody locks out somebody who may do more. What one made oneself, one may end.

    `to` is the verb: revoke, rotate.
    """
    beyond = sorted(token.granted - identity.permissions)
    if beyond and not is_own(token, identity):
        raise PermissionDenied(
            f"A token that may do more than you is not yours to {to}: {identity.subject} does not have "
            f"{', '.join(beyond)}. Ask {token.maker or token.creator}, who made it, or an admin.",
            metadata={"permission": beyond[0]},
        )


def token_not_found() -> NotFound:
    """Return the error for a token that is absent, foreign, ended or out of sight: the four are told in one way."""
    # The reference is not repeated: it may be the text of a token, given by mistake.
    return NotFound(
        "There is no such token. `paas tokens:list` shows the names and ids of those there are.",
        reason="TOKEN_NOT_FOUND",
    )

"""Which tokens of a tenant somebody sees: lists, revocations and rotations have no others.

One's own are those one made, with whatever token: by the id that the identity provider has for who made them, where
there is one, since a name may be given to another person later, and else by the name that an operator signed them in
as. Whoever reads the audit log learns of everybody's there, so who has that permission, as admins do, sees all. What is
out of sight is answered as what is not there.
"""

from dataclasses import dataclass
from typing import Final

from paaskit.identity import Identity
from services.tokens.token import Token

_SEES_ALL: Final = "audit.read"


@dataclass(frozen=True, kw_only=True)
class Sight:
    """Tokens limited to apps of `app_ids` and made by the person `maker`. None in either: whatever it is.

    `maker_id` is the person's id at the identity provider, None for somebody an operator signed in: a token whose maker
    has an id is seen by who has that one, whatever names the two have.
    """

    app_ids: frozenset[str] | None
    maker: str | None
    maker_id: str | None = None


def sight_of(identity: Identity) -> Sight:
    """Return what a caller sees. A token sees what its maker does, unless it is limited to some apps."""
    maker = None if _SEES_ALL in identity.permissions else identity.maker or identity.subject
    return Sight(app_ids=identity.app_ids, maker=maker, maker_id=identity.origin.person_id)


def is_own(token: Token, identity: Identity) -> bool:
    """Whether a caller itself asked for a token, and is nobody else of the same name."""
    return token.creator == identity.subject and token.maker_id == identity.origin.person_id

"""Which tokens of a tenant somebody sees: lists, revocations and rotations have no others.

One's own are those one made, with whatever token. Whoever reads the audit log learns of everybody's there, so who has
that permission, as admins do, sees all. What is out of sight is answered as what is not there.
"""

from dataclasses import dataclass
from typing import Final

from paaskit.identity import Identity

_SEES_ALL: Final = "audit.read"


@dataclass(frozen=True, kw_only=True)
class Sight:
    """Tokens limited to apps of `app_ids` and made by the person `maker`. None in either: whatever it is."""

    app_ids: frozenset[str] | None
    maker: str | None


def sight_of(identity: Identity) -> Sight:
    """Return what a caller sees. A token sees what its maker does, unless it is limited to some apps."""
    maker = None if _SEES_ALL in identity.permissions else identity.maker or identity.subject
    return Sight(app_ids=identity.app_ids, maker=maker)

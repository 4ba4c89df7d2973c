"""Whether a release's variables are as the app's schema says, before anything is applied.

Values of secrets are at hand here alone, so this is the one place where their types are looked at. Must not put a
value, of a config var neither, into a sentence.
"""

from typing import Final

from env_schema import reading
from env_schema.checking import check
from env_schema.schema import UnreadableSchema
from paaskit.errors import Refused
from paaskit.variables import is_set_by_platform
from services.releaser.runtimes.protocol import DesiredRelease

_SHOWN: Final = 8
_REASON: Final = "NOT_AS_SCHEMA"


def admit(desired: DesiredRelease) -> None:
    """Raise Refused where variables are not as the schema says, naming each and what is wrong with it.

    Whether a value is the app's own or a shared group's makes no difference: the program is given one environment.
    """
    if not desired.spec.schema:
        return
    try:
        schema = reading.read(desired.spec.schema)
    except UnreadableSchema as unreadable:  # it was kept when less was asked of one
        raise Refused(
            f"The app's schema can't be read, so nothing was restarted. {unreadable}", reason=_REASON
        ) from None
    values = {name: value.reveal() for name, value in desired.variables.items()}
    found = [str(each) for each in check(schema, values, sealed=desired.sealed, passes=is_set_by_platform)]
    if found:
        more = [f"{len(found) - _SHOWN} more are wrong"] if len(found) > _SHOWN else []
        words = "; ".join([*found[:_SHOWN], *more])
        raise Refused(f"The app's schema refuses it, so nothing was restarted: {words}.", reason=_REASON)

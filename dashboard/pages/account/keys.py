"""The keys that all secrets of the tenant are sealed with: how they stand, and a new one.

Destroying them has no page: what ends every secret for good is typed, on the command line.
"""

from google.rpc import code_pb2
from paas.secrets.v1.secrets_pb2 import Keys
from starlette.responses import Response

from dashboard.calls import keys as calls
from dashboard.calls.refusals import Refusal
from dashboard.web.visit import Visit
from paas_cli.commands.keys import shown
from paaskit.clock import random_id


async def index(visit: Visit) -> Response:
    """Show how they stand."""
    keys = await calls.get_keys(visit.caller)
    return visit.page(
        "keys.html",
        here="keys",
        keys=keys,
        generations=[(each, shown.state(keys, each)) for each in reversed(keys.generations)],
        older=shown.older_versions(keys),
        is_rolling_out=_is_rolling_out(keys),
        request_id=random_id(),
    )


async def rotate(visit: Visit) -> Response:
    """Make a new one. What older ones sealed is sealed anew while everything goes on."""
    if visit.form.get("sure") != "1":
        raise Refusal(code=code_pb2.INVALID_ARGUMENT, sentence="Nothing was rotated: say that you are sure.")
    made = await calls.rotate_keys(visit.caller, request_id=str(visit.form.get("request_id", "")))
    values = f"{made.older_versions} {'value is' if made.older_versions == 1 else 'values are'}"
    notice = f"Generation {made.generation} seals from now on; {values} sealed anew in the background."
    return visit.to("account/keys", notice=notice)


def _is_rolling_out(keys: Keys) -> bool:
    return keys.HasField("rollout") and not shown.is_over(keys.rollout)

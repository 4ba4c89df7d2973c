"""What must reach another service is written in the transaction of the change, and relayed until acknowledged.

Two ways out of the same table:
- `Relay` sends in the order of writing, one relay at a time whatever the number of replicas. Audit events go this way.
- `Courier` sends right after the commit and hands the answer back to the request that waits for it; what it could not
  deliver is left to a `Relay`. Release orders go this way, since they are keyed by their change and need no order.

A delivery may happen twice and must therefore be idempotent at the receiver. Rows are deleted once acknowledged. A row
whose very message is refused is parked: `Outbox` says so until somebody gives it back.
"""

from paaskit.outbox.courier import Courier
from paaskit.outbox.message import AUDIT, PUT_ALL, RELEASER, Message, columns, parsed, put
from paaskit.outbox.relay import Relay
from paaskit.outbox.rows import Parked, Standing
from paaskit.outbox.standing import Outbox

__all__ = [
    "AUDIT",
    "PUT_ALL",
    "RELEASER",
    "Courier",
    "Message",
    "Outbox",
    "Parked",
    "Relay",
    "Standing",
    "columns",
    "parsed",
    "put",
]

"""What stands before every method: who calls, whether they may, how much they have under way, what they are told."""

from paaskit.gate.bulkheads import Bulkheads, Shares
from paaskit.gate.interceptor import ANY_SERVICE, THE_GATEWAY, Gate
from paaskit.gate.sessions import Sessions
from paaskit.gate.statuses import encode_error

__all__ = ["ANY_SERVICE", "THE_GATEWAY", "Bulkheads", "Gate", "Sessions", "Shares", "encode_error"]

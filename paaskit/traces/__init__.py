"""One span for each call around the gate, sent to a collector where `PAAS_TRACES_ENDPOINT` names one; off by default.

A span says which method was called, of which service by which, how it ended and how long it took: never for whom, on
what, or with which words. See docs/decisions/0033.
"""

from paaskit.traces.carried import Span, Tracer, carried, enter
from paaskit.traces.export import exported

__all__ = ["Span", "Tracer", "carried", "enter", "exported"]

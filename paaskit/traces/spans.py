"""Spans, made and sent with OpenTelemetry. Imported only where traces are on."""

import threading
from typing import Any, Final

import grpc
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_NAMESPACE, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span as OpenTelemetrySpan
from opentelemetry.trace import SpanKind, Status, StatusCode, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from paaskit.traces.carried import HEADER, enter

_CLOSE_WITHIN_SECONDS: Final = 2.0
_NUMBERS: Final = {code.name: code.value[0] for code in grpc.StatusCode}
# Of a server's span only these are errors: https://opentelemetry.io/docs/specs/semconv/rpc/grpc/.
_OURS: Final = frozenset({"UNKNOWN", "DEADLINE_EXCEEDED", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS"})
_PROPAGATOR: Final = TraceContextTextMapPropagator()


def provider_of(service: str) -> TracerProvider:
    """Return what keeps the spans of a service, for whoever is added to it as a processor."""
    return TracerProvider(
        resource=Resource.create({SERVICE_NAME: service, SERVICE_NAMESPACE: "paas"}), shutdown_on_exit=False
    )


class Exporter:
    """Sends spans to a collector, in batches and from a thread of its own. One that is away costs spans, not calls."""

    def __init__(self, endpoint: str, *, service: str) -> None:
        self._sending = OTLPSpanExporter(endpoint=endpoint)
        self._batches = BatchSpanProcessor(self._sending)
        self.provider = provider_of(service)
        self.provider.add_span_processor(self._batches)

    def close(self) -> None:
        """Send what is left, for two seconds at most: a collector that is away would be waited for five times that."""
        give_up = threading.Timer(_CLOSE_WITHIN_SECONDS, self._sending.shutdown)
        give_up.start()
        self._batches.shutdown()  # type: ignore[no-untyped-call]  # the library's own omission
        give_up.cancel()


class Spans:
    """Makes the spans of one process."""

    def __init__(self, provider: TracerProvider) -> None:
        self._tracer = provider.get_tracer("paaskit")

    def began(self, path: str, context: Any) -> "Spanned":
        """Return the span of a call and enter it; its parent is the caller's, if the caller has one."""
        service, _, method = path.removeprefix("/").partition("/")
        span = self._tracer.start_span(
            f"{service}/{method}",
            context=_parent(context.invocation_metadata()),
            kind=SpanKind.SERVER,
            attributes={"rpc.system": "grpc", "rpc.service": service, "rpc.method": method},
        )
        carrier: dict[str, str] = {}
        _PROPAGATOR.inject(carrier, context=set_span_in_context(span, Context()))
        enter(carrier[HEADER])
        return Spanned(span)


class Spanned:
    """The span of a call under way."""

    def __init__(self, span: OpenTelemetrySpan) -> None:
        self._span = span

    def ended(self, code: str) -> None:
        """End it with what became of the call: the code alone, since an error's text is somebody's."""
        self._span.set_attribute("rpc.grpc.status_code", _NUMBERS[code])
        if code in _OURS:
            self._span.set_status(Status(StatusCode.ERROR))
        self._span.end()


def _parent(metadata: Any) -> Context:
    """Return the caller's span. Only the numbers are read: `tracestate` and baggage are text of whoever wrote them."""
    found = [value for name, value in metadata or () if name == HEADER]
    return _PROPAGATOR.extract({HEADER: found[0]}, context=Context()) if len(found) == 1 else Context()

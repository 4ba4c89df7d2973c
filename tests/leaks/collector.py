"""A collector of traces, OTLP over gRPC, which keeps what it is sent as it came."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2, trace_service_pb2_grpc

from local.ports import HOST


@dataclass
class Collector(trace_service_pb2_grpc.TraceServiceServicer):
    """The service. `received` has each export, serialised."""

    endpoint: str = ""
    received: list[bytes] = field(default_factory=list)

    def Export(self, request: Any, context: Any) -> Any:  # noqa: N802 - as gRPC calls it
        """Keep what came."""
        self.received.append(request.SerializeToString())
        return trace_service_pb2.ExportTraceServiceResponse()


@contextmanager
def collecting() -> Iterator[Collector]:
    """The collector, listening on a free port until the end of the block."""
    server, collector = grpc.server(ThreadPoolExecutor(4)), Collector()
    trace_service_pb2_grpc.add_TraceServiceServicer_to_server(collector, server)  # type: ignore[no-untyped-call]
    collector.endpoint = f"http://{HOST}:{server.add_insecure_port(f'{HOST}:0')}"
    server.start()
    try:
        yield collector
    finally:
        server.stop(None).wait()

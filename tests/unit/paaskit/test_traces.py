"""Spans of calls: one each, with its parent, and nothing in it that anybody wrote; none where traces are off.

The collector is a fake that takes OTLP. Leaves out OpenTelemetry itself.
"""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2, trace_service_pb2_grpc
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode
from paas.config.v1 import config_pb2

from paaskit import traces
from paaskit.channels import call
from paaskit.errors import Conflict
from paaskit.settings import SettingsError
from paaskit.traces import spans
from paaskit.traces.carried import HEADER
from paaskit.traces.spans import Spans, provider_of
from tests.fixtures.serving import free_address
from tests.fixtures.tls import Certificates
from tests.fixtures.waiting import PATIENCE, until
from tests.unit.paaskit.gated import LIST_VARS, RESOLVE_APP, WATCH, Gated, gated_server
from tests.unit.paaskit.test_bulkheads import WATCHED, Held

WEB = config_pb2.ListVarsRequest(app="canary-app").SerializeToString()
TRACE, CALLER = 0x0AF7651916CD43DD8448EB211C80319C, 0xB7AD6B7169203331
PARENT = f"00-{TRACE:032x}-{CALLER:016x}-01"


class Kept:
    """The spans that ended."""

    def __init__(self) -> None:
        self._exporter = InMemorySpanExporter()
        provider = provider_of("config")
        provider.add_span_processor(SimpleSpanProcessor(self._exporter))
        self.tracer = Spans(provider)

    def all(self) -> tuple[ReadableSpan, ...]:
        """In the order in which they ended."""
        return tuple(self._exporter.get_finished_spans())


@pytest.fixture
def kept() -> Kept:
    """What keeps spans."""
    return Kept()


@pytest.fixture
async def traced(tls: Certificates, kept: Kept) -> AsyncIterator[Gated]:
    """A server whose calls have spans."""
    async with gated_server(tls, tracer=kept.tracer) as gated:
        yield gated


async def _one(kept: Kept) -> ReadableSpan:
    await until(kept.all)
    (span,) = kept.all()
    return span


async def test_a_call_has_one_span_below_its_callers(traced: Gated, kept: Kept) -> None:
    await traced.call(LIST_VARS, WEB, metadata=(*traced.signer.user(), (HEADER, PARENT)))
    span = await _one(kept)
    assert (span.name, span.kind) == ("paas.config.v1.ConfigService/ListVars", SpanKind.SERVER)
    assert span.context is not None
    assert span.parent is not None
    assert (span.context.trace_id, span.parent.span_id) == (TRACE, CALLER)
    assert dict(span.attributes or {}) == {
        "rpc.system": "grpc",
        "rpc.service": "paas.config.v1.ConfigService",
        "rpc.method": "ListVars",
        "rpc.grpc.status_code": 0,
    }
    assert span.status.status_code is StatusCode.UNSET


@pytest.mark.parametrize("header", ["", "canary", "00-0-0-00", PARENT.upper(), f"{PARENT}-canary"])
async def test_without_a_caller_that_can_be_read_a_span_begins_a_trace(traced: Gated, kept: Kept, header: str) -> None:
    await traced.call(LIST_VARS, WEB, metadata=(*traced.signer.user(), (HEADER, header)))
    assert (await _one(kept)).parent is None


@pytest.mark.parametrize(
    ("error", "number", "status"),
    [(Conflict("canary"), 10, StatusCode.UNSET), (ValueError("canary"), 13, StatusCode.ERROR)],
)
async def test_nothing_in_a_span_is_a_text_that_anybody_wrote(
    traced: Gated, kept: Kept, error: Exception, number: int, status: StatusCode
) -> None:
    async def work(_: Any) -> Any:
        raise error

    traced.work = work
    foreign = ((HEADER, PARENT), ("tracestate", "canary=canary"), ("baggage", "name=canary"), ("x-canary", "canary"))
    user = traced.signer.user(tenant="canary-tenant", token_id="canary-token")
    await traced.refused(LIST_VARS, WEB, metadata=(*user, *foreign))
    span = await _one(kept)
    assert span.attributes is not None
    assert (span.attributes["rpc.grpc.status_code"], span.status.status_code) == (number, status)
    assert (span.status.description, list(span.events), list(span.links)) == (None, [], [])
    assert "canary" not in span.to_json()


async def test_who_is_not_signed_in_has_a_span_that_says_so(traced: Gated, kept: Kept) -> None:
    await traced.refused(LIST_VARS, WEB, metadata=())
    span = await _one(kept)
    assert (span.attributes or {})["rpc.grpc.status_code"] == 16
    assert span.status.status_code is StatusCode.UNSET


async def test_a_call_of_another_service_carries_the_span_along(traced: Gated, kept: Kept) -> None:
    async with traced.tls.channel(traced.address, service="config", caller="secrets") as channel:
        resolve: Any = channel.unary_unary(
            RESOLVE_APP,
            config_pb2.ResolveAppRequest.SerializeToString,
            config_pb2.ResolveAppResponse.FromString,
        )

        async def work(answer: Any) -> Any:
            if not isinstance(answer, config_pb2.ListVarsResponse):
                return answer
            asked = config_pb2.ResolveAppRequest(tenant="acme", app="web")
            await call(resolve, asked, service="config", timeout=PATIENCE)
            return answer

        traced.work = work
        await traced.call(LIST_VARS, WEB)
    await until(lambda: len(kept.all()) == 2)
    inner, outer = kept.all()
    assert outer.context is not None
    assert inner.parent is not None
    assert inner.name == "paas.config.v1.ConfigInternalService/ResolveApp"
    assert (inner.parent.trace_id, inner.parent.span_id) == (outer.context.trace_id, outer.context.span_id)


async def test_a_stream_has_a_span_until_its_reader_leaves(traced: Gated, kept: Kept) -> None:
    held = Held(traced)
    async with traced.tls.channel(traced.address, service="config", caller="gateway") as channel:
        watch: Any = channel.unary_stream(WATCH)
        stream = watch(WATCHED, metadata=traced.signer.user(), timeout=PATIENCE)
        await stream.read()
        await until(lambda: held.at_work == 1)
        assert kept.all() == ()
        stream.cancel()
        assert ((await _one(kept)).attributes or {})["rpc.grpc.status_code"] == 1


async def test_without_traces_nothing_is_carried_along(gated: Gated) -> None:
    carried: list[Any] = []

    async def work(answer: Any) -> Any:
        carried.append(traces.carried())
        return answer

    gated.work = work
    await gated.call(LIST_VARS, WEB, metadata=(*gated.signer.user(), (HEADER, PARENT)))
    assert carried == [()]
    async with traces.exported("", service="config") as tracer:
        assert tracer is None


def test_without_traces_nothing_of_opentelemetry_is_loaded() -> None:
    look = "import sys, services.config.__main__; print(any(name.startswith('opentelemetry') for name in sys.modules))"
    found = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True, timeout=PATIENCE)
    assert found.stdout == "False\n"


class Collector(trace_service_pb2_grpc.TraceServiceServicer):
    """Keeps what it is sent."""

    def __init__(self) -> None:
        self.sent: list[Any] = []

    async def Export(self, request: Any, _context: Any) -> Any:  # noqa: N802  # the contract's name
        self.sent += request.resource_spans
        return trace_service_pb2.ExportTraceServiceResponse()


async def test_what_is_left_is_sent_to_the_collector_as_a_service_stops(tls: Certificates) -> None:
    server, collector, address = grpc.aio.server(), Collector(), free_address()
    trace_service_pb2_grpc.add_TraceServiceServicer_to_server(collector, server)  # type: ignore[no-untyped-call]
    server.add_insecure_port(address)
    await server.start()
    try:
        async with (
            traces.exported(f"http://{address}", service="config") as tracer,
            gated_server(tls, tracer=tracer) as gated,
        ):
            await gated.call(LIST_VARS, WEB)
    finally:
        await server.stop(None)
    (sent,) = collector.sent
    resource = {each.key: each.value.string_value for each in sent.resource.attributes}
    assert (resource["service.name"], resource["service.namespace"]) == ("config", "paas")
    assert [span.name for scope in sent.scope_spans for span in scope.spans] == [
        "paas.config.v1.ConfigService/ListVars"
    ]


async def test_a_collector_that_is_away_costs_spans_and_nothing_else(
    tls: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spans, "_CLOSE_WITHIN_SECONDS", 0.1)
    async with (
        asyncio.timeout(PATIENCE),
        traces.exported(f"http://{free_address()}", service="config") as tracer,
        gated_server(tls, tracer=tracer) as gated,
    ):
        await gated.call(LIST_VARS, WEB)


@pytest.mark.parametrize("endpoint", ["127.0.0.1:4317", "http://127.0.0.1", "ftp://h:1", "http://u:canary@h:1", "x"])
async def test_an_endpoint_that_is_none_is_told(endpoint: str) -> None:
    with pytest.raises(SettingsError, match=r"^PAAS_TRACES_ENDPOINT is unusable: .* http://host:port") as caught:
        async with traces.exported(endpoint, service="config"):
            pass
    assert "canary" not in str(caught.value)


async def test_a_service_without_the_packages_says_which_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "paaskit.traces.spans", raising=False)
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    with pytest.raises(SettingsError, match="install the dependency group `traces`, or leave the setting empty"):
        async with traces.exported("http://127.0.0.1:4317", service="config"):
            pass

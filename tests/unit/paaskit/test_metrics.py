"""The page of metrics: what Prometheus gets, what others get, and labels that tell of no tenant."""

import asyncio

import pytest
from prometheus_client.parser import text_string_to_metric_families

from paaskit import metrics
from paaskit.settings import SettingsError
from tests.architecture.sources import ROOT
from tests.fixtures.serving import free_address

_LABELS = {
    "destination",
    "reason",
    "outcome",
    "record",
    "method",
    "page",
    "sink",  # as the operator names them
    "code",
    "pool",
    "batch",
    "kind",
    "share",
    "lease",
    "state",
    "tenant_class",
}


async def _ask(address: str, request: bytes) -> bytes:
    host, _, port = address.rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(request)
    answer = await reader.read()
    writer.close()
    return answer


async def test_prometheus_reads_it() -> None:
    metrics.OUTBOX_ROWS.labels(destination="audit").set(7)
    address = free_address()
    async with metrics.served(address, ready=lambda: True):
        answer = await _ask(address, b"GET /metrics HTTP/1.1\r\nhost: here\r\naccept: */*\r\n\r\n")
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\ncontent-type: text/plain;")
    assert f"content-length: {len(body)}\r\n".encode() in head + b"\r\n"
    families = {family.name: family for family in text_string_to_metric_families(body.decode())}
    (sample,) = [each for each in families["paas_outbox_rows"].samples if each.labels == {"destination": "audit"}]
    assert sample.value == 7


async def test_alive_is_not_ready() -> None:
    """A process whose database is away, or that ends, is not started again for it; it gets no work meanwhile."""
    standing = {"ready": False}
    address = free_address()
    async with metrics.served(address, ready=lambda: standing["ready"]):
        assert (await _ask(address, b"GET /alive HTTP/1.1\r\n\r\n")).startswith(b"HTTP/1.1 200 OK\r\n")
        assert (await _ask(address, b"GET /ready HTTP/1.1\r\n\r\n")).startswith(b"HTTP/1.1 503 ")
        standing["ready"] = True
        assert (await _ask(address, b"GET /ready HTTP/1.1\r\n\r\n")).startswith(b"HTTP/1.1 200 OK\r\n")


@pytest.mark.parametrize(
    "request_",
    [b"GET / HTTP/1.1\r\n\r\n", b"POST /metrics HTTP/1.1\r\n\r\n", b"GET /metrics/../x HTTP/1.1\r\n\r\n", b"\r\n\r\n"],
)
async def test_anything_else_is_not_there(request_: bytes) -> None:
    address = free_address()
    async with metrics.served(address, ready=lambda: True):
        answer = await _ask(address, request_)
    assert answer.startswith(b"HTTP/1.1 404 Not Found\r\n")
    assert answer.endswith(b"\r\n\r\n")


async def test_a_head_without_end_is_cut_off() -> None:
    address = free_address()
    async with metrics.served(address, ready=lambda: True):
        assert await _ask(address, b"GET /metrics HTTP/1.1\r\nx: " + b"y" * 60_000) == b""


async def test_without_an_address_nothing_is_served() -> None:
    async with metrics.served("", ready=lambda: True):
        pass


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:99999", "192.0.2.1:1"])
async def test_what_can_t_be_listened_on_is_told(address: str) -> None:
    with pytest.raises(SettingsError, match=r"^PAAS_METRICS_LISTEN: "):
        async with metrics.served(address, ready=lambda: True):
            pass


async def test_a_taken_port_is_told() -> None:
    address = free_address()
    async with metrics.served(address, ready=lambda: True):
        with pytest.raises(SettingsError):
            async with metrics.served(address, ready=lambda: True):
                pass


def test_everything_that_is_measured_is_explained() -> None:
    explained = (ROOT / "docs" / "monitoring.md").read_text(encoding="utf-8")
    for family in metrics.REGISTRY.collect():
        name = f"{family.name}_total" if family.type == "counter" else family.name
        assert f"`{name}`" in explained, name


def test_labels_are_of_a_few_words_of_ours() -> None:
    """A tenant, an app or a name in one would tell a reader about all tenants, and grow without end."""
    for collector in list(metrics.REGISTRY._collector_to_names):
        assert set(getattr(collector, "_labelnames", ())) <= _LABELS

"""What is wrong with a kubeconfig is said when releaser starts, and nothing that is in it."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiohttp import web

from local.certificates import dns_san
from paaskit.settings import SettingsError
from services.releaser.runtimes.kubernetes.connecting import connect
from tests.fixtures.tls import Certificates

_TOKEN = "hunter2-of-the-kubeconfig"


@asynccontextmanager
async def answering(tls: Certificates, status: int) -> AsyncIterator[str]:
    """The URL of something that answers so, once; and well from then on, but must not be asked again."""
    asked = 0

    async def answer(_: web.Request) -> web.Response:
        nonlocal asked
        asked += 1
        code = status if asked == 1 else 200
        return web.json_response({"kind": "Status", "message": "quotes hunter2"}, status=code)

    application = web.Application()
    application.router.add_get("/{path:.*}", answer)
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    served.load_cert_chain(tls.folder / "releaser.pem", tls.folder / "releaser.key")
    runner = web.AppRunner(application)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=served).start()
        yield f"https://127.0.0.1:{runner.addresses[0][1]}"
        assert asked <= 1, "the client library asked again by itself"
    finally:
        await runner.cleanup()


def kubeconfig(folder: Path, server: str, **cluster: str) -> str:
    content: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "it",
        "contexts": [{"name": "it", "context": {"cluster": "it", "user": "it"}}],
        "users": [{"name": "it", "user": {"token": _TOKEN}}],
        "clusters": [{"name": "it", "cluster": {"server": server, **cluster}}],
    }
    file = folder / "kubeconfig"
    file.write_text(yaml.safe_dump(content))
    return str(file)


async def refused(file: str) -> str:
    with pytest.raises(SettingsError) as failed:
        await connect(file)
    assert file in str(failed.value)
    assert "hunter2" not in f"{failed.value!r} {failed.value.__cause__!r}"
    return str(failed.value)


def known(tls: Certificates) -> dict[str, str]:
    return {"certificate-authority": str(tls.folder / "ca.pem"), "tls-server-name": dns_san("releaser")}


async def test_one_that_is_right_is_connected(tls: Certificates, tmp_path: Path) -> None:
    async with answering(tls, 200) as server:
        await (await connect(kubeconfig(tmp_path, server, **known(tls)))).close()


@pytest.mark.parametrize("status", [403, 429, 500, 503])
async def test_a_server_that_is_busy_or_broken_keeps_nobody_from_starting(
    tls: Certificates, tmp_path: Path, status: int
) -> None:
    async with answering(tls, status) as server:
        await (await connect(kubeconfig(tmp_path, server, **known(tls)))).close()


@pytest.mark.parametrize("text", ["", f"[{_TOKEN}", f"- {_TOKEN}", _TOKEN, "clusters: 1", "\0"])
async def test_a_file_that_is_none(tmp_path: Path, text: str) -> None:
    assert "no kubeconfig that can be read" in await refused(str(tmp_path / "absent"))
    (tmp_path / "broken").write_text(text)
    assert "no kubeconfig that can be read" in await refused(str(tmp_path / "broken"))


async def test_one_that_points_nowhere(tls: Certificates, tmp_path: Path) -> None:
    assert "can't be reached" in await refused(kubeconfig(tmp_path, "https://127.0.0.1:1", **known(tls)))


async def test_credentials_that_are_not_taken(tls: Certificates, tmp_path: Path) -> None:
    async with answering(tls, 401) as server:
        assert "have expired; make new ones" in await refused(kubeconfig(tmp_path, server, **known(tls)))


async def test_a_server_that_is_not_known(tls: Certificates, tmp_path: Path) -> None:
    async with answering(tls, 200) as server:
        told = await refused(kubeconfig(tmp_path, server))
        assert "not of the authority named there" in told
        another = {**known(tls), "tls-server-name": dns_san("config")}
        assert "not of the authority named there" in await refused(kubeconfig(tmp_path, server, **another))

"""The client: where calls go and with which token, and the little that is convenient beside the contracts' methods."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

from paas.releaser.v1 import releaser_pb2

from paas_client.calls import Calls
from paas_client.environment import Environment, environment_of
from paas_client.services.every import Services
from paas_client.version import __version__
from paas_client.waiting import ended_release
from paas_transport import address


class Client(Services):
    """The control plane behind one gateway: `client.config.list_apps()`, `client.secrets.reveal_secret(...)`.

    `gateway` is its address (else that of PAAS_GATEWAY), and `token` a personal access token, or what gives one for
    each call (else that of PAAS_TOKEN). `ca_file` has authorities to trust beside the system's, in PEM. `timeout` is
    how many seconds each try of a call may take. Raises ValueError where one of these is none.

    It may be used by several threads. As a context manager it makes no calls after its block.
    """

    def __init__(
        self,
        gateway: str | None = None,
        token: str | Callable[[], str] | None = None,
        *,
        ca_file: str | Path | None = None,
        timeout: float = 30.0,
    ) -> None:
        if timeout <= 0:
            raise ValueError("`timeout` is how many seconds a try may take, more than 0.")
        named = gateway if gateway is not None else os.environ.get("PAAS_GATEWAY", "")
        if not named:
            raise ValueError("No gateway is known: set PAAS_GATEWAY, or give the client its address.")
        self._calls = Calls(
            address.parse(named, source="PAAS_GATEWAY" if gateway is None else "`gateway`"),
            token=_giver(token),
            ca_file=None if ca_file is None else str(ca_file),
            timeout=timeout,
            user_agent=f"paas-client/{__version__}",
        )
        super().__init__(self._calls)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        """Where calls go, and never with what."""
        return f"Client({str(self._calls.gateway)!r})"

    def close(self) -> None:
        """Make no more calls, and forget the token."""
        self._calls.close()

    def environment(self, app: str) -> Environment:
        """An app's live variables by name: config vars, secrets, what add-ons manage and shared groups give it.

        Its `repr` has no value. Needs the permissions `config.read` and `secrets.reveal`; an event of the audit log
        for the app, and one for each of its groups, name all that is opened. Raises PaasError.
        """
        return environment_of(self, app)

    def wait_for_release(self, app: str, number: int, *, timeout: float = 1800.0) -> releaser_pb2.Release:
        """Wait until release `number` has ended well, or the one that took its change over, which is then given.

        Needs the permission `releases.read`. Raises ReleaseFailed where it failed, DeadlineExceeded where it has not
        ended after `timeout` seconds (it goes on), and PaasError.
        """
        return ended_release(
            self.releaser, app=app, number=number, timeout=timeout, now=time.monotonic, sleep=self._calls.sleep
        )


def _giver(token: str | Callable[[], str] | None) -> Callable[[], str | None]:
    """What gives the token of each call. The environment's is read once: it is not another one halfway through."""
    if callable(token):
        return token
    kept = token if token is not None else os.environ.get("PAAS_TOKEN", "")
    return lambda: kept.strip() or None

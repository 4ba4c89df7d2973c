"""How calls of all services are made: with which token, how long they may take, and what their failures become."""

import time
import uuid
from collections.abc import Callable, Generator
from typing import TypeVar

from google.protobuf.message import Message

from paas_client.errors import PaasError, Unauthenticated
from paas_client.refusal import error_of
from paas_transport.address import Address
from paas_transport.bearer import is_bearer
from paas_transport.grpcweb import Channel
from paas_transport.rpc_error import RpcError

Answer = TypeVar("Answer", bound=Message)


class Calls:
    """Calls to one gateway. They may be made by several threads at once.

    `token` gives the token of each call, None where there is none; it is not asked for what needs no sign-in.
    """

    def __init__(
        self,
        gateway: Address,
        *,
        token: Callable[[], str | None],
        ca_file: str | None,
        timeout: float,
        user_agent: str,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.gateway = gateway
        self.sleep = sleep
        self._token = token
        self._ca_file = ca_file
        self._timeout = timeout
        self._user_agent = user_agent
        self._is_closed = False

    def close(self) -> None:
        """Make no more calls."""
        self._is_closed = True
        self._token = lambda: None

    def request_id(self, given: str | None) -> str:
        """The id of a change: the one that is given, else a fresh one."""
        return given if given is not None else str(uuid.uuid4())

    def unary(
        self,
        path: str,
        request: Message,
        answer: type[Answer],
        *,
        repeatable: bool,
        timeout: float | None,
        as_nobody: bool = False,
    ) -> Answer:
        """One request, one answer. Raises PaasError.

        A `repeatable` one is sent up to three times while what it needs is unavailable.
        """
        channel = self._channel(path, as_nobody=as_nobody)
        seconds = self._timeout if timeout is None else timeout
        try:
            return channel.unary(
                path,
                request,
                answer=answer,
                repeatable=repeatable,
                timeout=seconds,
            )
        except RpcError as error:
            raised = error_of(error, gateway=self.gateway, request_id=getattr(request, "request_id", ""))
        raise raised

    def stream(
        self, path: str, request: Message, answer: type[Answer], *, idle: float
    ) -> Generator[Answer, None, None]:
        """One request, answers as they come, at most `idle` seconds apart. Raises PaasError; never tries again."""
        channel = self._channel(path)
        try:
            yield from channel.stream(path, request, answer=answer, idle=idle)
        except RpcError as error:
            raised = error_of(error, gateway=self.gateway)
        else:
            return
        raise raised

    def _channel(self, path: str, *, as_nobody: bool = False) -> Channel:
        method = path.lstrip("/")
        if self._is_closed:
            raise PaasError("This client was closed; make a new one.", code="FAILED_PRECONDITION", method=method)
        token = None if as_nobody else self._token()
        if not as_nobody and (token is None or not is_bearer(token)):
            raise Unauthenticated(
                "There is no token: set PAAS_TOKEN, or give the client one."
                if not token
                else "The token has characters no token has; copy it again, whole and alone.",
                code="UNAUTHENTICATED",
                method=method,
            )
        return Channel(self.gateway, token=token, user_agent=self._user_agent, sleep=self.sleep, ca_file=self._ca_file)

"""What happens around every request, in this order, outermost first:

1. errors: whatever is raised becomes a status here, so nothing below can leak the text of an exception;
2. from the headers: the caller's certificate, the user's signed identity, a place among what the user's token and
   tenant have under way, the permission;
3. the message, which has to come within two seconds: parsing, the limits that the contract sets to every field, the
   token's app scope;
4. the method itself, shielded: a client that goes away does not stop a commit half-way, or its denial's record.

A user who is denied something is on record before being told, whether the rule or the method denied it.
One interceptor does all four because each one grpc.aio has to await costs as much as a small query.
"""

import asyncio
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import nullcontext, suppress
from functools import partial
from typing import Any, Final, TypeAlias

import grpc
import structlog

from paaskit import access
from paaskit.access import GATEWAY, Caller, Rule
from paaskit.audit import Record
from paaskit.clock import utc_now
from paaskit.errors import InvalidInput, PermissionDenied, RequestIncomplete, Unauthenticated
from paaskit.gate.bulkheads import Bulkheads, Place
from paaskit.gate.checks import check, client_address, ends_soon, identity_header, missing_permission, peer_of
from paaskit.gate.denials import Denials
from paaskit.gate.sessions import Sessions
from paaskit.gate.statuses import status_of
from paaskit.identity import Identity, IdentityVerifier
from paaskit.limits import Limits
from paaskit.metrics import Calls
from paaskit.traces import Tracer

_MESSAGE_WITHIN_SECONDS: Final = 2.0
# For the record of a denial: what was asked for is named if it came along, and not waited for long.
_NAMES_WITHIN_SECONDS: Final = 0.5
_TOLD_WITHIN_SECONDS: Final = 5.0
_MALFORMED: Final = object()
_OK: Final = "OK"
# What a call has ended with that neither answered nor raised an error: its client went away, or its time was up.
_CANCELLED: Final = "CANCELLED"
_CODES: Final = {code.value[0]: code.name for code in grpc.StatusCode}
# Reading one takes long enough for others to notice: a MiB of empty fields some 25 ms.
_LARGE_BYTES: Final = 64 * 1024
_RECORDED_BYTES: Final = 256 * 1024

Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"

log = structlog.get_logger()


class Gate(grpc.aio.ServerInterceptor):
    """Enforces the rules given; a method without one does not exist."""

    def __init__(
        self,
        rules: Mapping[str, Rule],
        *,
        limits: Mapping[str, Limits],
        verifier: IdentityVerifier | None,
        record: Record | None,
        bulkheads: Bulkheads,
        sessions: Sessions | None,
        tracer: Tracer | None = None,
    ) -> None:
        self._rules = rules
        self._limits = limits
        self._verifier = verifier
        self._denials = Denials(record)
        self._bulkheads = bulkheads
        self._sessions = sessions
        self._tracer = tracer
        self._wrapped: dict[str, Handler] = {}
        self._parsers: dict[str, Callable[[bytes], Any]] = {}
        self._running: set[asyncio.Future[Any]] = set()

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Any]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Any:
        """Return the method's handler with all four steps around it. Does no I/O: that happens in the handler."""
        method = handler_call_details.method
        if method in self._wrapped:
            return self._wrapped[method]
        handler = await continuation(handler_call_details)
        if handler is None or method not in self._rules:
            return None  # grpc's way of saying UNIMPLEMENTED
        self._wrapped[method] = self._wrap(method, handler)
        return self._wrapped[method]

    async def finish(self) -> None:
        """Wait for methods that go on although their client went away, and put on record what was only counted yet."""
        if self._running:
            await asyncio.wait(self._running, timeout=5)
        await self._denials.finish()

    def _wrap(self, method: str, handler: Any) -> Handler:
        # To grpc every method here takes a stream: so it calls the handler as soon as there are headers, and leaves it
        # to the handler when to read the message. On the wire the two are the same.
        self._parsers[method] = _forgiving(handler.request_deserializer)
        write = handler.response_serializer
        if handler.unary_unary:
            return grpc.stream_unary_rpc_method_handler(self._unary(method, handler.unary_unary), _as_it_came, write)
        if handler.unary_stream:
            return grpc.stream_stream_rpc_method_handler(self._stream(method, handler.unary_stream), _as_it_came, write)
        # Reflection has a stream of requests; it holds nothing, and any certificate may ask.
        return self._wrap_bidirectional(method, handler)

    def _unary(self, method: str, function: Any) -> Any:
        rule, calls = self._rules[method], Calls(method, streams=False, tracer=self._tracer)

        async def unary(_unread: Any, context: Any) -> Any:
            call, code = calls.began(context), _CANCELLED
            try:
                caller = await self._identify(method, rule, context)
                user = _user(rule, caller)
                place = self._bulkheads.request(user) if user is not None else None
                response = await self._answer(method, caller, context=context, function=function, place=place)
                code = _OK
                if user is not None and (soon := ends_soon(user, now=utc_now())):
                    context.set_trailing_metadata(soon)
                return response
            except grpc.aio.AbortError:
                code = _code_of(context)
                raise  # grpc's own health service has answered already
            except Exception as error:
                status = status_of(method, error)
                code = status.code.name
            finally:
                call.ended(code)
            return await context.abort_with_status(status)

        return unary

    async def _answer(self, method: str, caller: Caller, *, context: Any, function: Any, place: Place | None) -> Any:
        """Read the message, do what is asked if the caller may, and give the place back when that is over."""
        rule, limits = self._rules[method], self._limits.get(method)
        try:
            missing = missing_permission(rule, caller.identity)
            raw = await _message(context, for_a_record=missing is not None)
            if place is not None:
                await place.turn(method, is_large=raw is not None and len(raw) > _LARGE_BYTES)
            request = self._parse(method, raw, for_a_record=missing is not None)
        except BaseException:
            if place is not None:
                place.leave()
            raise
        work = partial(function, request, context)
        attempt = self._attempt(rule, limits, missing, caller=caller, request=request, work=work)
        return await self._shielded(attempt, place)

    def _stream(self, method: str, function: Any) -> Any:
        rule, limits = self._rules[method], self._limits.get(method)
        calls = Calls(method, streams=True, tracer=self._tracer)

        async def stream(_unread: Any, context: Any) -> None:
            call, code, place = calls.began(context), _CANCELLED, None
            try:
                caller = await self._identify(method, rule, context)
                user = _user(rule, caller)
                place = self._bulkheads.stream(user) if user is not None else None
                missing = missing_permission(rule, caller.identity)
                raw = await _message(context, for_a_record=missing is not None)
                request = self._parse(method, raw, for_a_record=missing is not None)
                try:
                    if missing is not None:
                        raise missing
                    check(rule, limits, caller, request)
                    access.enter(caller)
                    with self._while_signed_in(user):
                        responses = function(request, context)
                        if inspect.isawaitable(responses):
                            await responses  # grpc's own health service writes to the context instead of yielding
                            code = _OK
                            return
                        # Written here and not yielded to grpc: what ends a stream reaches it while it waits for its
                        # reader as well, and then its client is told.
                        async for response in responses:
                            await context.write(response)
                    code = _OK
                    return
                except PermissionDenied:
                    await self._shielded(self._denials.record(rule, caller, request))
                    raise
            except grpc.aio.InternalError:
                return  # it could not be written: the client has gone away
            except Exception as error:
                status = status_of(method, error)
                code = status.code.name
            finally:
                call.ended(code)
                if place is not None:
                    place.leave()
            # Who reads nothing does not read this either, and has what the connection still holds before it.
            with suppress(TimeoutError):
                async with asyncio.timeout(_TOLD_WITHIN_SECONDS):
                    await context.abort_with_status(status)

        return stream

    def _while_signed_in(self, user: Identity | None) -> Any:
        return nullcontext() if self._sessions is None or user is None else self._sessions.stream(user)

    def _wrap_bidirectional(self, method: str, handler: Any) -> Handler:
        rule = self._rules[method]

        async def stream(requests: Any, context: Any) -> AsyncIterator[Any]:
            try:
                access.enter(await self._identify(method, rule, context))
                async for response in handler.stream_stream(_readable(requests), context):
                    yield response
                return
            except Exception as error:
                status = status_of(method, error)
            await context.abort_with_status(status)

        parse = _forgiving(handler.request_deserializer)
        return grpc.stream_stream_rpc_method_handler(stream, parse, handler.response_serializer)

    async def _shielded(self, work: Awaitable[Any], place: Place | None = None) -> Any:
        task = asyncio.ensure_future(work)
        self._running.add(task)
        task.add_done_callback(partial(self._forget, place))
        return await asyncio.shield(task)

    def _forget(self, place: Place | None, task: "asyncio.Future[Any]") -> None:
        self._running.discard(task)
        if place is not None:
            place.leave()
        if not task.cancelled():
            task.exception()  # taken, so that asyncio does not print it

    def _parse(self, method: str, raw: bytes | None, *, for_a_record: bool) -> Any:
        """Return the message. Raises InvalidInput for what is none; what is only for a record is None then.

        What is larger than a message of this method can be is not even tried.
        """
        limits = self._limits.get(method)
        too_large = raw is not None and limits is not None and len(raw) > limits.largest
        if for_a_record and raw is not None and len(raw) > _RECORDED_BYTES:
            return None  # reading it would cost more than its names are worth
        request = _MALFORMED if raw is None or too_large else self._parsers[method](raw)
        if request is not _MALFORMED:
            return request
        if for_a_record:
            return None
        if too_large:
            raise InvalidInput("The request is larger than everything that its fields may hold.")
        raise _not_a_message()

    async def _identify(self, method: str, rule: Rule, context: Any) -> Caller:
        """Return who calls. Raises where that is nobody who could call this method, whatever it asks for."""
        service = peer_of(context)
        if not rule.any_service and service not in rule.callers:
            log.warning("caller_refused", method=method, caller=service)
            raise PermissionDenied("This certificate may not call this method.")
        if rule.anyone:
            return Caller(service=service, client_address=client_address(context))  # an identity says nothing here
        unverified_jwt = identity_header(context)
        if not unverified_jwt or self._verifier is None:
            if rule.public:
                raise Unauthenticated("You are not signed in. Sign in with `paas login` or set PAAS_TOKEN.")
            return Caller(service=service)
        identity = await self._verifier.verify(unverified_jwt)
        return Caller(service=service, identity=identity, unverified_jwt=unverified_jwt)

    async def _attempt(
        self,
        rule: Rule,
        limits: Limits | None,
        missing: PermissionDenied | None,
        *,
        caller: Caller,
        request: Any,
        work: Callable[[], Awaitable[Any]],
    ) -> Any:
        """Do what is asked, if the caller may. A denied attempt is an event, whichever layer denied it."""
        try:
            if missing is not None:
                raise missing
            check(rule, limits, caller, request)
            access.enter(caller)
            return await work()
        except PermissionDenied:
            await self._denials.record(rule, caller, request)
            raise


def _user(rule: Rule, caller: Caller) -> Identity | None:
    """Return the user that a call is counted for: none where a service calls, be it for a user."""
    return caller.identity if rule.public else None


def _code_of(context: Any) -> str:
    """Return the name of the code that a call was answered with already."""
    code = context.code()
    return code.name if isinstance(code, grpc.StatusCode) else _CODES.get(code, "UNKNOWN")


async def _readable(requests: AsyncIterator[Any]) -> AsyncIterator[Any]:
    """Yield the messages of a stream of requests. Raises InvalidInput at one that is none."""
    async for request in requests:
        if request is _MALFORMED:
            raise _not_a_message()
        yield request


async def _message(context: Any, *, for_a_record: bool) -> bytes | None:
    """Return the bytes of the request's message. Raises RequestIncomplete where none comes in time.

    None where there is none: the call ended without one, or it was only wanted to put on record what was denied.
    """
    try:
        async with asyncio.timeout(_NAMES_WITHIN_SECONDS if for_a_record else _MESSAGE_WITHIN_SECONDS):
            raw = await context.read()
    except TimeoutError:
        if for_a_record:
            return None
        raise RequestIncomplete("The request did not come in time.") from None
    return None if raw is grpc.aio.EOF else raw


def _as_it_came(raw: bytes) -> bytes:
    """What grpc is told to read a message with: the gate reads it itself, once it is its turn."""
    return raw


def _not_a_message() -> InvalidInput:
    return InvalidInput("The request is not a valid message of this method.")


def _forgiving(parse: Callable[[bytes], Any]) -> Callable[[bytes], Any]:
    """Return a parser that marks what it can't read, instead of having grpc answer with INTERNAL."""

    def parse_or_mark(raw: bytes) -> Any:
        try:
            return parse(raw)
        except Exception:  # protobuf raises several kinds, and their texts quote the bytes
            return _MALFORMED

    return parse_or_mark


ANY_SERVICE: Final = Rule(any_service=True, no_event="it tells nothing of any tenant")
"""For health and reflection, which hold nothing: any certificate of our CA."""
THE_GATEWAY: Final = Rule(callers=frozenset({GATEWAY}), action="tokens.use")
"""For Envoy's own authorization service."""

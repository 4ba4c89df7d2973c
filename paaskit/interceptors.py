"""What happens around every request, in this order, outermost first:

1. errors: whatever is raised becomes a status here, so nothing below can leak the text of an exception;
2. parsing: a request that is not a valid message is refused with constant text;
3. access: the caller's certificate, the user's signed identity, the permission, the token's app scope; and in between,
   the limits that the contract sets to every field;
4. the method itself, shielded: a client that goes away does not stop a commit half-way, or its denial's record.

A user who is denied something is on record before being told, whether the rule or the method denied it.
One interceptor does all four because each one grpc.aio has to await costs as much as a small query.
"""

import asyncio
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from functools import partial
from typing import Any, Final, TypeAlias

import grpc
import structlog
from google.protobuf import any_pb2
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status

from paaskit import access
from paaskit.access import GATEWAY, Caller, Rule
from paaskit.audit import DENIED, AuditEvent
from paaskit.clock import random_id
from paaskit.errors import FieldViolation, Internal, InvalidInput, PaasError, PermissionDenied, Unauthenticated
from paaskit.identity import HEADER, Identity, IdentityVerifier
from paaskit.limits import Limits
from paaskit.logs import describe_exception
from paaskit.variables import check_app_name

Record = Callable[[AuditEvent], Awaitable[None]]
"""Keeps an audit event; returns once it is committed."""

_SPIFFE: Final = b"spiffe://paas/"
_MALFORMED: Final = object()

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
    ) -> None:
        self._rules = rules
        self._limits = limits
        self._verifier = verifier
        self._record = record
        self._wrapped: dict[str, Handler] = {}
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
        """Wait for methods that go on although their client went away."""
        if self._running:
            await asyncio.wait(self._running, timeout=5)

    def _wrap(self, method: str, handler: Any) -> Handler:
        parse, write = _forgiving(handler.request_deserializer), handler.response_serializer
        rule, limits = self._rules[method], self._limits.get(method)
        if handler.unary_unary:

            async def unary(request: Any, context: Any) -> Any:
                try:
                    caller = await self._identify(method, rule, request, context)
                    work = partial(handler.unary_unary, request, context)
                    return await self._shielded(self._attempt(rule, limits, caller=caller, request=request, work=work))
                except Exception as error:
                    status = _status(method, error)
                return await context.abort_with_status(status)

            return grpc.unary_unary_rpc_method_handler(unary, parse, write)

        async def stream(request: Any, context: Any) -> AsyncIterator[Any]:
            try:
                caller = await self._identify(method, rule, request, context)
                try:
                    _check(rule, limits, caller, request)
                    access.enter(caller)
                    responses = handler.unary_stream(request, context)
                    if inspect.isawaitable(responses):
                        await responses  # grpc's own health service writes to the context instead of yielding
                        return
                    async for response in responses:
                        yield response
                    return
                except PermissionDenied:
                    await self._shielded(self._record_denial(rule, caller, request))
                    raise
            except Exception as error:
                status = _status(method, error)
            await context.abort_with_status(status)

        if handler.unary_stream:
            return grpc.unary_stream_rpc_method_handler(stream, parse, write)
        # Health and reflection have streams of requests; they hold nothing, and any certificate may ask.
        return self._wrap_bidirectional(method, rule, handler)

    def _wrap_bidirectional(self, method: str, rule: Rule, handler: Any) -> Handler:
        async def stream(requests: Any, context: Any) -> AsyncIterator[Any]:
            try:
                access.enter(await self._identify(method, rule, None, context))
                async for response in handler.stream_stream(requests, context):
                    yield response
                return
            except Exception as error:
                status = _status(method, error)
            await context.abort_with_status(status)

        return grpc.stream_stream_rpc_method_handler(stream, handler.request_deserializer, handler.response_serializer)

    async def _shielded(self, work: Awaitable[Any]) -> Any:
        task = asyncio.ensure_future(work)
        self._running.add(task)
        task.add_done_callback(self._forget)
        return await asyncio.shield(task)

    def _forget(self, task: "asyncio.Future[Any]") -> None:
        self._running.discard(task)
        if not task.cancelled():
            task.exception()  # taken, so that asyncio does not print it

    async def _identify(self, method: str, rule: Rule, request: Any, context: Any) -> Caller:
        """Return who calls. Raises where that is nobody who could call this method, whatever it asks for."""
        service = _peer(context)
        if not rule.any_service and service not in rule.callers:
            log.warning("caller_refused", method=method, caller=service)
            raise PermissionDenied("This certificate may not call this method.")
        if request is _MALFORMED:
            raise InvalidInput("The request is not a valid message of this method.")
        unverified_jwt = _identity_header(context)
        if not unverified_jwt or self._verifier is None:
            if rule.public:
                raise Unauthenticated("You are not signed in. Sign in with `paas login` or set PAAS_TOKEN.")
            return Caller(service=service)
        identity = await self._verifier.verify(unverified_jwt)
        return Caller(service=service, identity=identity, unverified_jwt=unverified_jwt)

    async def _attempt(
        self, rule: Rule, limits: Limits | None, *, caller: Caller, request: Any, work: Callable[[], Awaitable[Any]]
    ) -> Any:
        """Do what is asked, if the caller may. A denied attempt is an event, whichever layer denied it."""
        try:
            _check(rule, limits, caller, request)
            access.enter(caller)
            return await work()
        except PermissionDenied:
            await self._record_denial(rule, caller, request)
            raise

    async def _record_denial(self, rule: Rule, caller: Caller, request: Any) -> None:
        """Keep that a user was denied something; the names are of what was asked for, the app's id of the token's app.

        Raises Unavailable where that can't be kept: nobody is denied anything without a record.
        """
        identity = caller.identity
        if self._record is None or identity is None or not rule.public or not rule.action:
            return
        app = _plausible(rule.app_of(request))
        denied = AuditEvent(
            tenant=identity.tenant,
            action=rule.action,
            actor=identity.subject,
            app=app,
            app_id=identity.bound_id(app) or "",
            targets=access.targets_of(rule, request),
            outcome=DENIED,
            client_address=identity.client_address,
        )
        for part in denied.parts():
            await self._record(part)


def _check(rule: Rule, limits: Limits | None, caller: Caller, request: Any) -> None:
    """Refuse what the caller may not ask for, as far as the request itself tells. Raises PaasError."""
    identity = caller.identity
    if identity is not None and rule.permission and rule.permission not in identity.permissions:
        raise access.permission_missing(identity.subject, rule.permission)
    if limits is not None:
        limits.check(request)
    if identity is not None and rule.public:
        _check_app(identity, rule.app_of(request), field=rule.app_field)
    elif identity is not None:
        _check_carried(identity, rule.app_of(request), request)


def _check_app(identity: Identity, app: str, *, field: str) -> None:
    problem = check_app_name(app) if app else None
    if problem is not None:
        # Nothing can be called that, so nobody has to look for it, or repeat it in an error.
        raise InvalidInput(f"There can be no app of that name: {problem}.", fields=[FieldViolation(field, problem)])
    if app and not identity.may_touch(app):
        raise access.limited_to_other_apps(identity.subject)


def _check_carried(identity: Identity, app: str, request: Any) -> None:
    """Refuse a service that acts for a user on what is not the user's."""
    app_id = getattr(request, "app_id", "")
    foreign = getattr(request, "tenant", identity.tenant) != identity.tenant
    stranger = bool(app_id) and identity.app_ids is not None and app_id not in identity.app_ids
    if foreign or stranger or (app and not identity.may_touch(app)):
        raise PermissionDenied("The identity carried along may not touch what the request is about.")


def _plausible(name: str) -> str:
    """Return a name that an app could have, else nothing: whatever else was sent there is not ours to keep."""
    return name if len(name) <= 40 and name.replace("-", "").isalnum() and name.isascii() else ""


def _peer(context: Any) -> str:
    """Return the name in the peer's certificate, or nothing unless its one URI is one of ours (X509-SVID, section 2).

    Only URIs count: all alternative names together would also have a DNS name that reads like one.
    """
    names = list(context.auth_context().get("peer_uri", ()))
    if len(names) != 1 or not names[0].startswith(_SPIFFE):
        return ""
    return str(names[0][len(_SPIFFE) :].decode("ascii", "replace"))


def _identity_header(context: Any) -> str:
    values = [value for key, value in context.invocation_metadata() or () if key == HEADER]
    if len(values) > 1:
        raise Unauthenticated("The request carries more than one identity.")
    return str(values[0]) if values else ""


def _forgiving(parse: Callable[[bytes], Any]) -> Callable[[bytes], Any]:
    """Return a parser that marks what it can't read, instead of having grpc answer with INTERNAL."""

    def parse_or_mark(raw: bytes) -> Any:
        try:
            return parse(raw)
        except Exception:  # protobuf raises several kinds, and their texts quote the bytes
            return _MALFORMED

    return parse_or_mark


def _status(method: str, error: Exception) -> Any:
    if not isinstance(error, PaasError) or isinstance(error, Internal):
        error_id = random_id()[:12]
        log.error("request_failed", method=method, error_id=error_id, **describe_exception(error))
        error = Internal(
            f"Something went wrong on our side. Nothing you sent is at fault; quote error {error_id} to support.",
            metadata={"error_id": error_id},
        )
    elif error.code.name == "UNAVAILABLE":
        needs = error.metadata.get("service", "")
        log.warning("request_unavailable", method=method, reason=error.reason, needs=needs)
    return rpc_status.to_status(encode_error(error))


def encode_error(error: PaasError) -> status_pb2.Status:
    """Return the google.rpc.Status that stands for `error`: ErrorInfo always, BadRequest where fields are wrong."""
    status = status_pb2.Status(code=int(error.code), message=error.message)
    details: list[Any] = [
        error_details_pb2.ErrorInfo(reason=error.reason, domain="paas", metadata=error.metadata),
    ]
    if error.fields:
        details.append(
            error_details_pb2.BadRequest(
                field_violations=[
                    error_details_pb2.BadRequest.FieldViolation(field=each.field, description=each.description)
                    for each in error.fields
                ]
            )
        )
    for detail in details:
        packed = any_pb2.Any()
        packed.Pack(detail)
        status.details.append(packed)
    return status


ANY_SERVICE: Final = Rule(any_service=True)
"""For health and reflection, which hold nothing: any certificate of our CA."""
THE_GATEWAY: Final = Rule(callers=frozenset({GATEWAY}))
"""For Envoy's own authorization service."""

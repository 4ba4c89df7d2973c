"""Turn a failed call into the one sentence its user needs and the exit code a script needs.

Must not guess: "nothing was changed" is said only where that is known. Never quotes a request. Loaded only
once something has failed.
"""

from dataclasses import dataclass, field

from paas_cli import errors, rpc_error
from paas_cli.errors import Failure
from paas_cli.rpc_error import Delivery, RpcError
from paas_cli.terminal_text import visible

# What Envoy says where it never got a connection to the service, so that nothing was delivered.
_ENVOY_NOT_DELIVERED = ("no healthy upstream", "connection failure", "connection timeout", "cluster not found")
_SERVICES = {
    **{name: name for name in ("config", "secrets", "tokens", "audit", "releaser", "gateway")},
    "kms": "key",  # what secrets needs, and people know by this name
}
_BUSY = "BUSY"  # the reason of google.rpc.ErrorInfo where a service is there and has no room now


@dataclass(frozen=True)
class Effect:
    """What a request would have changed: the hint where to look, and whether the same command again does no harm."""

    look: str
    again: bool


@dataclass(frozen=True)
class Caller:
    """With what a call was made, for sentences about it. `login` and `whoami` are hints."""

    address: str
    source: str
    login: str
    whoami: str


@dataclass(frozen=True)
class Details:
    """What google.rpc.Status adds to code and message."""

    reason: str = ""
    metadata: dict[str, str] = field(default_factory=dict)
    violations: tuple[tuple[str, str], ...] = ()


def decode(status: bytes) -> Details:
    """Read ErrorInfo and BadRequest out of a serialized google.rpc.Status; empty where it can't be read."""
    if not status:
        return Details()
    from google.protobuf.message import DecodeError
    from google.rpc import error_details_pb2, status_pb2

    info, bad = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
    try:
        for detail in status_pb2.Status.FromString(status).details:
            detail.Unpack(info)
            detail.Unpack(bad)
    except DecodeError:
        return Details()
    violations = tuple((item.field, item.description) for item in bad.field_violations)
    return Details(reason=info.reason, metadata=dict(info.metadata), violations=violations)


def failure(error: RpcError, *, caller: Caller, effect: Effect | None) -> Failure:
    """The Failure for `error`; `effect` is None for a call that only reads."""
    details = decode(error.status)
    if error.code in (rpc_error.UNAVAILABLE, rpc_error.DEADLINE_EXCEEDED):
        sentence, exit_code = _unavailable(error, details, caller, effect)
    elif error.is_of_too_many:
        sentence, exit_code = _sentence(error.message), errors.UNAVAILABLE
    elif error.code == rpc_error.UNAUTHENTICATED:
        sentence, exit_code = _not_signed_in(caller), errors.NOT_SIGNED_IN
    elif error.code == rpc_error.PERMISSION_DENIED:
        sentence, exit_code = _not_allowed(error, details, caller), errors.NOT_ALLOWED
    else:
        sentence, exit_code = _refused(error, details, caller, effect), errors.FAILED
    shown = {"code": error.code_name, "method": error.path.lstrip("/")}
    if details.reason:
        shown["reason"] = visible(details.reason)
    if error_id := details.metadata.get("error_id"):
        shown["error id"] = visible(error_id)
    return Failure(sentence, exit_code=exit_code, details=shown)


def _unavailable(error: RpcError, details: Details, caller: Caller, effect: Effect | None) -> tuple[str, int]:
    if error.delivery is Delivery.NOT_SENT:
        unchanged = ", so nothing was changed" if effect else ""
        sentence = (
            f"The gateway at {caller.address} can't be reached ({visible(error.message)}){unchanged}; check that it "
            "is running and try again."
        )
        return sentence, errors.UNAVAILABLE
    what = _what_is_unavailable(error, details, caller)
    if effect is None:
        return f"{what}; try again in a moment.", errors.UNAVAILABLE
    if _surely_unchanged(error, details):
        return f"{what}, so nothing was changed; try again in a moment.", errors.UNAVAILABLE
    if effect.again:
        sentence = (
            f"{what}, and it is not known whether the change was kept; {effect.look} shows it, and running the same "
            "command again is safe."
        )
        return sentence, errors.UNAVAILABLE
    sentence = f"{what}, and it is not known whether this was done; look at {effect.look} before running it again."
    return sentence, errors.FAILED


def _what_is_unavailable(error: RpcError, details: Details, caller: Caller) -> str:
    if error.code == rpc_error.DEADLINE_EXCEEDED:
        return f"The {error.service} service did not answer in time"
    if error.delivery is Delivery.UNKNOWN:
        return f"The connection to the gateway at {caller.address} broke before the {error.service} service answered"
    named = details.metadata.get("service") or error.unavailable or error.service
    name = _SERVICES.get(named, error.service)
    return f"The {name} service is {'busy' if details.reason == _BUSY else 'unavailable'}"


def _surely_unchanged(error: RpcError, details: Details) -> bool:
    """Known only where the request never reached its service, or the service stopped at another one."""
    if error.delivery is Delivery.UNKNOWN or error.code == rpc_error.DEADLINE_EXCEEDED:
        return False
    elsewhere = details.metadata.get("service", error.service) != error.service
    return bool(error.unavailable) or elsewhere or any(words in error.message for words in _ENVOY_NOT_DELIVERED)


def _not_signed_in(caller: Caller) -> str:
    if caller.source == "PAAS_TOKEN":
        return (
            "The token in PAAS_TOKEN was not accepted: it is mistyped, expired or revoked; put a new one there, or "
            "unset it to use a stored sign-in."
        )
    return f"The stored sign-in was not accepted: it has expired or was revoked; sign in again with {caller.login}."


def _not_allowed(error: RpcError, details: Details, caller: Caller) -> str:
    sentence = _sentence(error.message)
    permission = details.metadata.get("permission", "")
    if permission and permission not in sentence:
        sentence = f"{sentence} The permission needed is {visible(permission)}.".strip()
    return sentence or f"You are not allowed to do this; {caller.whoami} shows what you may do."


def _refused(error: RpcError, details: Details, caller: Caller, effect: Effect | None) -> str:
    if error.delivery is Delivery.NOT_SENT:  # only a certificate ends here
        return f"The gateway at {caller.address} is not who it should be ({visible(error.message)}); nothing was sent."
    if not error.status and error.code in (rpc_error.UNKNOWN, rpc_error.UNIMPLEMENTED):
        about = f" ({visible(error.message)})" if error.message else ""
        return f"What answers at {caller.address} does not know this request{about}; is it the right gateway?"
    if not error.status and error.code == rpc_error.RESOURCE_EXHAUSTED:
        return "The gateway refused the request because it is too large or there were too many; nothing was changed."
    sentence = _sentence(error.message)
    if not sentence:
        sentence = f"The {error.service} service refused the request ({error.code_name})."
    if error.code == rpc_error.INTERNAL and effect is not None and not effect.again:
        sentence += f" Look at {effect.look} before running it again."
    missing = [f"{field}: {text}" for field, text in details.violations if text and text.rstrip(".") not in sentence]
    return sentence + "".join(f"\n  {visible(line)}" for line in missing)


def _sentence(message: str) -> str:
    """The server's words, ending as a sentence does."""
    text = visible(message.strip())
    return text if not text or text[-1] in ".!?" else text + "."

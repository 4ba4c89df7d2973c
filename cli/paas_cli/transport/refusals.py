"""Turn a failed call into the one sentence its user needs and the exit code a script needs.

Must not guess: "nothing was changed" is said only where that is known. Never quotes a request. Loaded only
once something has failed.
"""

from collections.abc import Callable
from dataclasses import dataclass

from paas_cli import errors
from paas_cli.errors import Failure
from paas_cli.terminal.text import visible
from paas_transport import rpc_error
from paas_transport.address import Address
from paas_transport.details import Details, decode
from paas_transport.rpc_error import Delivery, Misconfigured, NotGateway, RpcError, Unanswered

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
    """With what a call was made, for sentences about it. `login` and `whoami` are hints.

    `named_by` says where the gateway's address is from, `token` which token it was (empty for none), and
    `is_from_environ` whether that was PAAS_TOKEN's. `hinted` makes hints of the commands in a service's sentence.
    """

    gateway: Address
    named_by: str
    token: str
    is_from_environ: bool
    login: str
    whoami: str
    hinted: Callable[[str], str]

    @property
    def address(self) -> str:
        """The gateway's address as it is typed."""
        return str(self.gateway)


def failure(error: RpcError, *, caller: Caller, effect: Effect | None) -> Failure:
    """The Failure for `error`; `effect` is None for a call that only reads."""
    if isinstance(error, Misconfigured):
        return Failure(error.message)
    details = decode(error.status)
    if isinstance(error, Unanswered):
        from paas_transport import second_look

        error = second_look.at(error, caller.gateway)
    if isinstance(error, NotGateway):
        return Failure(_no_gateway(error, caller), details={"method": error.path.lstrip("/")})
    if error.code in (rpc_error.UNAVAILABLE, rpc_error.DEADLINE_EXCEEDED):
        sentence, exit_code = _unavailable(error, details, caller, effect)
    elif error.is_of_too_many:
        sentence, exit_code = _sentence(error, caller), errors.UNAVAILABLE
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


def _no_gateway(error: NotGateway, caller: Caller) -> str:
    """What answered, and what to type instead."""
    return _no_gateway_here(visible(error.message), error.scheme, caller)


def _no_gateway_here(does: str, scheme: str | None, caller: Caller) -> str:
    what = f"What answers at {caller.address}, which {caller.named_by} names, {does}"
    instead = f"{scheme}://{caller.gateway.authority}" if scheme else "the gateway's address"
    if scheme == "http" and not caller.gateway.is_loopback:  # where plain http is refused
        instead = "the gateway's https address"
    if caller.named_by == "PAAS_GATEWAY":
        return f"{what}; set PAAS_GATEWAY to {instead}."
    where = instead if scheme and instead.startswith(scheme) else "https://..."
    return f"{what}; sign in at {instead} with {caller.login.removesuffix('`')} --gateway {where}`."


def _not_signed_in(caller: Caller) -> str:
    token = caller.token[:1].upper() + caller.token[1:]
    if caller.is_from_environ:
        return (
            f"{token} was not accepted by {caller.address}: it is mistyped, expired, revoked or another gateway's; "
            "put a new one there, or unset it to use a stored sign-in."
        )
    return (
        f"{token or 'The sign-in'} was not accepted by {caller.address}: it has expired or was revoked; sign in "
        f"again with {caller.login}."
    )


def _not_allowed(error: RpcError, details: Details, caller: Caller) -> str:
    sentence = _sentence(error, caller)
    permission = details.metadata.get("permission", "")
    if permission and permission not in sentence:
        sentence = f"{sentence} The permission needed is {visible(permission)}.".strip()
    return sentence or f"You are not allowed to do this; {caller.whoami} shows what you may do."


def _refused(error: RpcError, details: Details, caller: Caller, effect: Effect | None) -> str:
    if error.delivery is Delivery.NOT_SENT:  # only a certificate ends here
        return (
            f"The gateway at {caller.address} is not who it should be ({visible(error.message)}); nothing was sent. "
            f"Check the address, which {caller.named_by} names; where the gateway has an authority of its own, "
            f"{caller.login.removesuffix('`')} --ca-file FILE` trusts it."
        )
    if not error.status and error.code in (rpc_error.UNKNOWN, rpc_error.UNIMPLEMENTED):
        about = f" ({visible(error.message)})" if error.message else ""
        return _no_gateway_here(f"does not know this request{about}, and a gateway would", None, caller)
    if not error.status and error.code == rpc_error.RESOURCE_EXHAUSTED:
        return "The gateway refused the request because it is too large or there were too many; nothing was changed."
    sentence = _sentence(error, caller)
    if not sentence:
        sentence = f"The {error.service} service refused the request ({error.code_name})."
    if error.code == rpc_error.INTERNAL and effect is not None and not effect.again:
        sentence += f" Look at {effect.look} before running it again."
    missing = [f"{field}: {text}" for field, text in details.violations if text and text.rstrip(".") not in sentence]
    return sentence + "".join(f"\n  {visible(line)}" for line in missing)


def _sentence(error: RpcError, caller: Caller) -> str:
    """The service's words, ending as a sentence does, with commands that can be pasted."""
    text = caller.hinted(visible(error.message.strip()))
    return text if not text or text[-1] in ".!?" else text + "."

"""What a refusal of Kubernetes means for a release, as one sentence a person can act on."""

from services.releaser.cluster_errors import ClusterError, Conflict, Denied, Invalid, QuotaExceeded
from services.releaser.manifests import Place

_SHOWN = 5


def sentence_of(error: ClusterError, place: Place) -> str:
    """Return why a release of the app at `place` failed; names fields and managers, never a value."""
    match error:
        case Conflict(managers=managers, fields=fields):
            return (
                f"{_listed(managers) or 'Another manager'} has set {_listed(fields)} of the Deployment {place.name}; "
                "`paas releases:create` takes it back, or remove it there."
            )
        case Denied(code=401):
            return "Kubernetes does not know releaser: its credentials are wrong or have expired; tell your operator."
        case Invalid(fields=fields):
            return f"The Deployment {place.name} would not be valid: {_listed(fields) or error.reason}."
    return f"{_of_namespace(error, place.namespace)} Tell your operator (docs/deploy.md)."


def _of_namespace(error: ClusterError, namespace: str) -> str:
    match error:
        case QuotaExceeded():
            return f"The quota of the namespace {namespace} has no room for it."
        case Denied():
            return (
                f"Releaser may not write to the namespace {namespace}: it is missing or not ours, or a policy refuses."
            )
        case ClusterError(code=404):
            return f"The namespace {namespace} does not exist."
    return f"Kubernetes refused it in the namespace {namespace} ({error.code} {error.reason})."


def _listed(words: tuple[str, ...]) -> str:
    shown = ", ".join(word for word in words[:_SHOWN] if word)
    return f"{shown} and {len(words) - _SHOWN} more" if len(words) > _SHOWN else shown

"""The Python client of the control plane: `Client`, with a method for each call of each service.

How it is used is in docs/python-client.md.

Services are generated from the contracts. Must not print or log, nor have a value of a secret in a `repr` or an error.
"""

from paas_client.client import Client
from paas_client.environment import Environment
from paas_client.errors import (
    Conflict,
    DeadlineExceeded,
    FailedPrecondition,
    InvalidArgument,
    NotFound,
    PaasError,
    PermissionDenied,
    ReleaseFailed,
    TooMany,
    Unauthenticated,
    Unavailable,
    Violation,
)
from paas_client.listing import Listing
from paas_client.version import __version__

__all__ = [
    "Client",
    "Conflict",
    "DeadlineExceeded",
    "Environment",
    "FailedPrecondition",
    "InvalidArgument",
    "Listing",
    "NotFound",
    "PaasError",
    "PermissionDenied",
    "ReleaseFailed",
    "TooMany",
    "Unauthenticated",
    "Unavailable",
    "Violation",
    "__version__",
]

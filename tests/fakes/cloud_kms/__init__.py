"""A Cloud KMS of our own: a real gRPC server with the methods we use, that fails, lags, lies and corrupts on demand."""

from tests.fakes.cloud_kms.faults import CANARY, Fault
from tests.fakes.cloud_kms.keys import DESTROYED_AFTER_SECONDS
from tests.fakes.cloud_kms.server import KEY_RING, FakeCloudKms

__all__ = ["CANARY", "DESTROYED_AFTER_SECONDS", "KEY_RING", "FakeCloudKms", "Fault"]

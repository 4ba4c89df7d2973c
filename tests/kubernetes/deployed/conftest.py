"""What the tests here ask: the administrator of a cluster with all that deploy/ puts into it."""

import pytest

from tests.kubernetes.control_plane import ControlPlane
from tests.kubernetes.kubectl import Kubectl


@pytest.fixture(scope="session")
def installed(control_plane: ControlPlane) -> Kubectl:
    """A cluster with the accounts, roles, namespaces and admission policy of deploy/, and one tenant."""
    return control_plane.kubectl

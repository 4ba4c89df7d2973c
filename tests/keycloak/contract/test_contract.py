"""What the fake issuer promises, of a real Keycloak: `tests.unit.oidc_issuer.contract` says what, `conftest` where."""

from tests.unit.oidc_issuer.contract.test_contract import *  # noqa: F403 - the same tests, on another ground

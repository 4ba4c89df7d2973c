"""Abuse in its short form: some hundreds of each kind. The whole is `make test-abuse`, of which this is a part."""

from tests.abuse.credentials.test_gateway import identities_at_a_service, tokens_at_the_gateway
from tests.abuse.credentials.test_identities import changed_identities
from tests.abuse.credentials.test_pats import changed_tokens
from tests.abuse.requests.test_malformed import malformed
from tests.abuse.seeds import SEED
from tests.e2e.installation import Installation


async def test_changed_tokens() -> None:
    await changed_tokens(1_200, seed=SEED)


async def test_changed_identities() -> None:
    await changed_identities(1_500, seed=SEED)


def test_changed_tokens_at_the_gateway(installation: Installation) -> None:
    tokens_at_the_gateway(installation, 120, seed=SEED)


def test_changed_identities_at_a_service(installation: Installation) -> None:
    identities_at_a_service(installation, 150, seed=SEED)


def test_some_malformed_requests(installation: Installation) -> None:
    malformed(installation, requests=600, warm_up=0, seed=SEED)

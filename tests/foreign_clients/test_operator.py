"""External Secrets Operator's webhook store fetches secrets with the manifests of docs/json.md, or says why not."""

import re

import pytest
import yaml

from tests.e2e.installation import Installation, Paas, events, eventually
from tests.foreign_clients.conftest import Token, token
from tests.foreign_clients.documented import blocks, manifests
from tests.foreign_clients.store import Store

_KEY = "STRIPE_API_KEY"


def _set(paas: Paas, value: str) -> None:
    paas.ok("secrets:set", f"{_KEY}=-", stdin=value.encode())


def _reader(paas: Paas) -> Token:
    return token(paas, "secrets.reveal")


def _app(paas: Paas) -> str:
    return paas.environment["PAAS_APP"]


def _reason() -> str:
    """What the documented store gives as its reason."""
    store, _ = yaml.safe_load_all(blocks("yaml")[0])
    return str(yaml.safe_load(store["spec"]["provider"]["webhook"]["body"])["reason"])


def test_it_gets_the_value_and_is_on_record_for_it(
    idle: Paas, installation: Installation, gateway: str, store: Store
) -> None:
    value = f'{installation.canaries.secret()} "é" \\ {{{{ .paas.token }}}} %s\n\tend'
    _set(idle, value)
    reader = _reader(idle)
    fetched = store.fetch(manifests(gateway, app=_app(idle), key=_KEY), token=reader.text)
    assert fetched.error == ""
    assert (fetched.values == {_KEY: value}) is True, "another value"

    (event,) = eventually(lambda: events(idle, app=_app(idle), action="secrets.get"))
    assert (event["targets"], event["outcome"], event["reason"]) == ([_KEY], "ok", _reason())
    assert event["actor"].startswith("pat:")
    assert event["client_address"] == "127.0.0.1"


def test_each_refresh_gets_what_is_there_then(
    idle: Paas, installation: Installation, gateway: str, store: Store
) -> None:
    reader = _reader(idle)
    documented = manifests(gateway, app=_app(idle), key=_KEY)
    for value in (installation.canaries.secret(), installation.canaries.secret()):
        _set(idle, value)
        assert (store.fetch(documented, token=reader.text).values == {_KEY: value}) is True, "another value"
    eventually(lambda: len(events(idle, app=_app(idle), action="secrets.get")) == 2)


@pytest.mark.parametrize(
    ("scope", "status"),
    [(None, "401 Unauthorized"), ("secrets.list", "403 Forbidden"), ("config.read", "403 Forbidden")],
)
def test_it_is_refused_with_another_token(
    idle: Paas, installation: Installation, gateway: str, store: Store, *, scope: str | None, status: str
) -> None:
    value = installation.canaries.secret()
    _set(idle, value)
    text = "paas_pat_of_nobody" if scope is None else token(idle, scope).text
    fetched = store.fetch(manifests(gateway, app=_app(idle), key=_KEY), token=text)
    assert (fetched.error, fetched.values, fetched.deleted) == (f"endpoint gave error {status}", {}, False)
    assert value not in fetched.error
    assert not [event for event in events(idle, app=_app(idle), action="secrets.get") if event["outcome"] == "ok"]


@pytest.mark.parametrize(
    ("app", "key", "deleted", "error"),
    [
        (None, "GONE", True, "Secret does not exist"),
        ("misspelt", _KEY, False, "endpoint gave error 403 Forbidden"),
        (None, "'a b?c'", False, "endpoint gave error 400 Bad Request"),
        (None, "a/b", False, "endpoint gave error 400 Bad Request"),
    ],
)
def test_a_secret_is_deleted_to_it_only_where_there_is_none(
    idle: Paas, gateway: str, store: Store, *, app: str | None, key: str, deleted: bool, error: str
) -> None:
    documented = manifests(gateway, app=app or _app(idle), key=key)
    fetched = store.fetch(documented, token=_reader(idle).text)
    assert (fetched.error, fetched.values, fetched.deleted) == (error, {}, deleted)


def test_it_wants_the_label_and_a_certificate_it_trusts(
    idle: Paas, installation: Installation, gateway: str, store: Store
) -> None:
    value = installation.canaries.secret()
    _set(idle, value)
    documented, reader = manifests(gateway, app=_app(idle), key=_KEY), _reader(idle)
    unlabelled = store.fetch(documented, token=reader.text, labelled=False)
    assert "external-secrets.io/type: webhook" in unlabelled.error
    distrusting = Store(store.program, store.trusted.with_name("none.pem"))
    assert re.search("certificate signed by unknown authority", distrusting.fetch(documented, token=reader.text).error)
    assert not events(idle, app=_app(idle), action="secrets.get")


def test_manifests_with_a_misspelt_field_are_refused(idle: Paas, gateway: str, store: Store) -> None:
    """Or a field of the document that the operator doesn't have would go unnoticed here."""
    documented = manifests(gateway, app=_app(idle), key=_KEY).replace("jsonPath:", "jsonpath_:")
    assert "jsonpath_" in store.fetch(documented, token="").error

"""How calls are made: tokens, ids and retries, pages, streams, errors, and that no value gets into any text.

Against a gateway in this process. Leaves out frames and trailers, which are the transport's
(tests/unit/cli/test_wire.py), and what services do (tests/e2e/test_python_client.py).
"""

import pickle
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NoReturn

import pytest
from paas.audit.v1 import audit_pb2
from paas.config.v1 import config_pb2
from paas.secrets.v1 import secrets_pb2
from paas.tokens.v1 import tokens_pb2

from paas_client import (
    Client,
    Conflict,
    FailedPrecondition,
    InvalidArgument,
    NotFound,
    PaasError,
    PermissionDenied,
    TooMany,
    Unauthenticated,
    Unavailable,
    Violation,
    errors,
)
from paas_transport.grpcweb import Channel
from paas_transport.rpc_error import UNAVAILABLE, Delivery, RpcError
from tests.fakes.gateway import TOKEN, Drop, Fault, Gateway

CANARY = "c4n4ry-5f1e"
SET_VARS = "/paas.config.v1.ConfigService/SetVars"
SET_SECRETS = "/paas.secrets.v1.SecretsService/SetSecrets"
REVEAL = "/paas.secrets.v1.SecretsService/RevealSecret"
LIST_APPS = "/paas.config.v1.ConfigService/ListApps"
REVOKE = "/paas.tokens.v1.TokensService/RevokeToken"


@pytest.fixture(autouse=True)
def routes(gateway: Gateway) -> None:
    gateway.route(SET_VARS, config_pb2.SetVarsRequest, lambda _: config_pb2.SetVarsResponse())
    gateway.route(SET_SECRETS, secrets_pb2.SetSecretsRequest, lambda _: secrets_pb2.SetSecretsResponse())
    gateway.route(REVEAL, secrets_pb2.RevealSecretRequest, lambda _: secrets_pb2.RevealSecretResponse(value=CANARY))
    gateway.route(REVOKE, tokens_pb2.RevokeTokenRequest, lambda _: tokens_pb2.RevokeTokenResponse())


def _shown(error: BaseException) -> str:
    """All that anything could print of an error, what is behind it as well."""
    return "".join(traceback.format_exception(error)) + repr(error) + repr(vars(error)) + repr(error.__context__)


def test_a_change_is_sent_again_with_the_same_id(client: Client, gateway: Gateway, pauses: list[float]) -> None:
    gateway.fail("SetVars", Fault(14, "Config is restarting."), times=2)
    client.config.set_vars(app="web", vars={"A": "1"})
    calls = gateway.calls("SetVars")
    assert len(calls) == 3
    assert len({call.request_id for call in calls}) == 1
    assert len(calls[0].request_id) == 36
    assert len(pauses) == 2


def test_it_is_given_up_after_three_and_the_error_has_the_id(client: Client, gateway: Gateway) -> None:
    gateway.fail("SetVars", Drop())
    with pytest.raises(Unavailable) as raised:
        client.config.set_vars(app="web", vars={"A": "1"}, request_id="mine")
    assert [call.request_id for call in gateway.calls("SetVars")] == ["mine"] * 3
    assert (raised.value.request_id, raised.value.may_have_happened) == ("mine", True)
    assert raised.value.method == SET_VARS.lstrip("/")


def test_what_a_service_that_is_going_says_leaves_it_open(client: Client, gateway: Gateway) -> None:
    """The gateway says UNAVAILABLE of a service that broke off, and that may have been after it was done."""
    gateway.fail("SetVars", Fault(14, "upstream reset"))
    with pytest.raises(Unavailable) as raised:
        client.config.set_vars(app="web", vars={"A": "1"})
    assert raised.value.may_have_happened


@pytest.mark.parametrize(
    "deliveries",
    [
        (Delivery.UNKNOWN, Delivery.ANSWERED, Delivery.NOT_SENT),
        (Delivery.UNKNOWN, Delivery.NOT_SENT, Delivery.ANSWERED),
        (Delivery.ANSWERED, Delivery.NOT_SENT, Delivery.NOT_SENT),
    ],
)
def test_what_left_once_stays_open_whatever_became_of_later_tries(
    client: Client, monkeypatch: pytest.MonkeyPatch, deliveries: tuple[Delivery, ...]
) -> None:
    tries: list[Delivery] = []

    def once(*_: object) -> NoReturn:
        delivery = deliveries[len(tries)]
        tries.append(delivery)
        raise RpcError(UNAVAILABLE, "broken", path=SET_VARS, delivery=delivery, unavailable="config")

    monkeypatch.setattr(Channel, "_once", once)
    with pytest.raises(Unavailable) as raised:
        client.config.set_vars(app="web", vars={"A": "1"})
    assert (len(tries), raised.value.may_have_happened) == (3, True)


def test_what_is_neither_a_read_nor_has_an_id_is_sent_once(client: Client, gateway: Gateway) -> None:
    gateway.fail("RevokeToken", Fault(14, "Tokens is restarting."))
    with pytest.raises(Unavailable, match="restarting"):
        client.tokens.revoke_token(token="ci")
    assert len(gateway.calls("RevokeToken")) == 1


@pytest.mark.parametrize("code", [3, 5, 7, 9, 10, 13])
def test_no_other_answer_is_asked_for_again(client: Client, gateway: Gateway, code: int) -> None:
    gateway.fail("SetVars", Fault(code, "No."))
    with pytest.raises(PaasError, match="No"):
        client.config.set_vars(app="web", vars={"A": "1"})
    assert len(gateway.calls("SetVars")) == 1


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (3, InvalidArgument),
        (4, errors.DeadlineExceeded),
        (5, NotFound),
        (6, Conflict),
        (7, PermissionDenied),
        (8, TooMany),
        (9, FailedPrecondition),
        (10, Conflict),
        (13, PaasError),
        (16, Unauthenticated),
    ],
)
def test_each_refusal_is_an_error_of_its_kind(
    client: Client, gateway: Gateway, code: int, kind: type[PaasError]
) -> None:
    fault = Fault(
        code, "It is so.", reason="WHY", metadata={"error_id": "e-1"}, violations=(("vars[0].name", "is no name"),)
    )
    gateway.fail("SetVars", fault)
    with pytest.raises(PaasError) as raised:
        client.config.set_vars(app="web", vars={"A": "1"})
    error = raised.value
    assert type(error) is kind
    assert (str(error), error.reason, error.error_id) == ("It is so.", "WHY", "e-1")
    assert error.fields == (("vars[0].name", "is no name"),)
    assert error.fields[0].field == "vars[0].name"


def test_nothing_that_listens_nothing_sent() -> None:
    client = Client("http://127.0.0.1:9", TOKEN)
    client._calls.sleep = lambda _: None
    with pytest.raises(Unavailable, match=r"http://127\.0\.0\.1:9 can't be reached") as raised:
        client.tokens.who_am_i()
    assert not raised.value.may_have_happened


@pytest.mark.parametrize("token", ["", "two words", "line\nbreak", f"{CANARY}é"])
def test_a_token_that_is_none_is_not_sent(gateway: Gateway, token: str) -> None:
    with pytest.raises(Unauthenticated) as raised:
        Client(gateway.address, token).tokens.who_am_i()
    assert gateway.seen == []
    assert CANARY not in _shown(raised.value)


def test_a_wrong_token_is_said_to_be_one(gateway: Gateway) -> None:
    with pytest.raises(Unauthenticated, match="was not accepted") as raised:
        Client(gateway.address, f"paas_pat_{CANARY}").config.set_vars(app="web", vars={"A": "1"})
    assert CANARY not in _shown(raised.value)


def test_a_token_may_be_another_one_for_each_call(gateway: Gateway) -> None:
    gateway.tokens |= {"first", "second"}
    given = iter(["first", "second"])
    client = Client(gateway.address, lambda: next(given))
    client.config.set_vars(app="web", vars={"A": "1"})
    client.config.set_vars(app="web", vars={"A": "1"})
    assert [headers["authorization"] for _, _, headers in gateway.seen] == ["Bearer first", "Bearer second"]


def test_what_needs_no_sign_in_is_sent_no_token(gateway: Gateway) -> None:
    path = "/paas.tokens.v1.TrustsService/ExchangeToken"
    answer = tokens_pb2.ExchangeTokenResponse(access_token=CANARY)
    gateway.route(path, tokens_pb2.ExchangeTokenRequest, lambda _: answer)
    gateway.for_anybody.add(path)
    for token in ("", TOKEN):
        exchanged = Client(gateway.address, token).trusts.exchange_token(
            grant_type="g", trust="t", subject_token="s", subject_token_type="k"
        )
        assert (exchanged.access_token, CANARY in repr(exchanged)) == (CANARY, False)
    assert len(gateway.seen) == 2
    assert all("authorization" not in headers for _, _, headers in gateway.seen)


def test_the_environment_says_where_and_with_what(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAAS_GATEWAY", gateway.address)
    monkeypatch.setenv("PAAS_TOKEN", f"{TOKEN}\n")
    Client().config.set_vars(app="web", vars={"A": "1"})
    assert len(gateway.seen) == 1
    monkeypatch.delenv("PAAS_GATEWAY")
    with pytest.raises(ValueError, match="PAAS_GATEWAY"):
        Client()


@pytest.mark.parametrize("address", ["gateway", "http://elsewhere.example.com", "https://a:99999", "ftp://a"])
def test_an_address_where_a_token_is_not_safe_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="`gateway`"):
        Client(address, TOKEN)


def test_a_try_takes_some_time(gateway: Gateway) -> None:
    with pytest.raises(ValueError, match="`timeout`"):
        Client(gateway.address, TOKEN, timeout=0)


def test_an_error_goes_from_one_process_to_another_as_it_is() -> None:
    error = NotFound("No.", code="NOT_FOUND", fields=(Violation("app", "is none"),), request_id="mine")
    copied = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own
    assert type(copied) is NotFound
    assert (str(copied), vars(copied)) == (str(error), vars(error))


def test_after_its_block_a_client_makes_no_calls(gateway: Gateway) -> None:
    with Client(gateway.address, TOKEN) as client:
        client.config.set_vars(app="web", vars={"A": "1"})
    with pytest.raises(PaasError, match="closed"):
        client.config.set_vars(app="web", vars={"A": "1"})
    assert len(gateway.seen) == 1


def test_a_list_is_walked_page_by_page_and_anew_each_time(client: Client, gateway: Gateway) -> None:
    pages = {"": (["a", "b"], "2"), "2": ([], "3"), "3": (["c"], "")}

    def page(request: config_pb2.ListAppsRequest) -> config_pb2.ListAppsResponse:
        names, after = pages[request.page_token]
        return config_pb2.ListAppsResponse(
            apps=[config_pb2.App(name=f"{name}{request.page_size}") for name in names], next_page_token=after
        )

    gateway.route(LIST_APPS, config_pb2.ListAppsRequest, page)
    listed = client.config.list_apps(page_size=2)
    assert gateway.seen == []
    assert next(iter(listed)).name == "a2"
    assert len(gateway.seen) == 1
    assert [app.name for app in listed] == ["a2", "b2", "c2"]
    assert [app.name for app in listed] == ["a2", "b2", "c2"]
    assert [len(each.apps) for each in listed.pages()] == [2, 0, 1]


def test_a_stream_gives_what_comes_and_then_its_error(client: Client, gateway: Gateway) -> None:
    def follow(_: audit_pb2.FollowEventsRequest) -> Iterator[audit_pb2.FollowEventsResponse]:
        yield audit_pb2.FollowEventsResponse(event=audit_pb2.Event(event_id="1"))
        yield audit_pb2.FollowEventsResponse(event=audit_pb2.Event(event_id="2"))
        raise Drop

    gateway.route("/paas.audit.v1.AuditService/FollowEvents", audit_pb2.FollowEventsRequest, follow)
    seen: list[str] = []
    with pytest.raises(Unavailable) as raised:
        seen.extend(each.event.event_id for each in client.audit.follow_events(app="web"))
    assert seen == ["1", "2"]
    assert "audit service" in str(raised.value)
    assert len(gateway.calls("FollowEvents")) == 1


def test_arguments_are_taken_as_python_has_them(client: Client, gateway: Gateway) -> None:
    given = [config_pb2.Assignment(name="B", value="2")]
    client.config.set_vars(app="web", vars={"A": "1"})
    client.config.set_vars(app="web", vars=(each for each in given))
    assert [call.vars[0].name for call in gateway.calls("SetVars")] == ["A", "B"]
    path = "/paas.audit.v1.AuditService/ListEvents"
    gateway.route(path, audit_pb2.ListEventsRequest, lambda _: audit_pb2.ListEventsResponse())
    assert list(client.audit.list_events(since=datetime(2026, 11, 30, tzinfo=UTC))) == []
    assert gateway.calls("ListEvents")[0].since.seconds == 1795996800


@pytest.mark.parametrize("value", [int("4711" * 3), f"{CANARY}\ud800", [CANARY], {"value": CANARY}, None])
def test_an_argument_of_a_wrong_type_is_refused_and_not_quoted(client: Client, gateway: Gateway, value: object) -> None:
    with pytest.raises(TypeError, match="`secrets` is not what it has to be") as raised:
        client.secrets.set_secrets(app="web", secrets={"A": value})  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="`secrets`"):
        client.secrets.set_secrets(app="web", secrets=[{"name": "A", "value": value}])  # type: ignore[list-item]
    assert gateway.seen == []
    assert CANARY not in _shown(raised.value)
    assert "47114711" not in _shown(raised.value)


def test_one_text_is_no_list_of_texts_and_a_time_has_a_zone(client: Client, gateway: Gateway) -> None:
    with pytest.raises(TypeError, match="`names`"):
        client.config.unset_vars(app="web", names="DEBUG")
    with pytest.raises(TypeError, match="`since`"):
        client.audit.list_events(since=datetime(2026, 11, 30))  # noqa: DTZ001 - as somebody might write it
    assert gateway.seen == []


def test_no_value_gets_into_a_text(client: Client, gateway: Gateway) -> None:
    revealed = client.secrets.reveal_secret(app="web", name="KEY", reason="rotation")
    assert revealed.value == CANARY
    assert CANARY not in repr(revealed) + str(revealed) + f"{revealed}" + repr([revealed])
    assert TOKEN not in repr(client) + str(client)
    gateway.fail("SetSecrets", Fault(9, "KEY is a config var."))
    with pytest.raises(FailedPrecondition) as raised:
        client.secrets.set_secrets(app="web", secrets={"KEY": CANARY})
    assert CANARY not in _shown(raised.value)

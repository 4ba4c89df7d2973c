"""The dashboard over HTTP, without scripts: signing in with a link, one paste that becomes one release, one value.

Leaves out what needs a real browser (tests/browser) and single sign-on (tests/keycloak).
"""

import json
import re
import socket
import ssl
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from local.ports import DASHBOARD, HOST, port_of
from tests.e2e.installation import Installation, Paas, as_superuser
from tests.fixtures.visitor import Shown, Visitor
from tests.fixtures.waiting import PATIENCE, soon

PAGES = "/runtime/dashboard/"


def link_of(paas: Paas) -> str:
    return str(paas.ok("open", "--json").document["url"])


def signed_in(installation: Installation, paas: Paas) -> Visitor:
    visitor = Visitor(installation.stack.gateway_url)
    shown = visitor.press(visitor.open_link(link_of(paas)), "sign-in/link")
    assert shown.status == 200, shown.text
    return visitor


@pytest.fixture
def visitor(installation: Installation, idle: Paas) -> Iterator[Visitor]:
    """A browser signed in as ada, who has chosen an app without instances."""
    visitor = signed_in(installation, idle)
    yield visitor
    for text in visitor.cookies.values():
        assert text not in str(idle.transcript)


def app_of(paas: Paas) -> str:
    return paas.environment["PAAS_APP"]


def test_a_paste_becomes_one_release_of_config_and_secrets(visitor: Visitor, idle: Paas) -> None:
    app, secret = app_of(idle), idle.canaries.secret()
    before = len(idle.ok("releases", "--json").document["releases"])
    page = visitor.open(f"{PAGES}apps/{app}")
    review = visitor.press(
        page, "/pending", text=f"LOG_LEVEL=debug\nAPI_KEY={secret}\n# a remark\nexport REGION='eu'\n"
    )
    assert "3 changes, one release" in review.text
    assert secret not in review.html
    assert "debug" in review.text
    done = visitor.press(review, "/pending/save", do="save")
    assert re.search(r"/releases/\d+$", done.url)
    assert idle.ok("config").lines == ["LOG_LEVEL=debug", "REGION=eu"]
    assert idle.ok("secrets:get", "API_KEY").out.rstrip("\n") == secret
    assert len(idle.ok("releases", "--json").document["releases"]) == before + 1
    after = visitor.open(f"{PAGES}apps/{app}")
    assert "•" * 16 in after.text
    assert secret not in after.html
    assert "not saved yet" not in after.text


def test_what_is_refused_is_said_where_it_stands_and_nothing_is_kept(visitor: Visitor, idle: Paas) -> None:
    page = visitor.open(f"{PAGES}apps/{app_of(idle)}")
    review = visitor.press(page, "/pending", text="LD_PRELOAD=80\nGOOD=1\n")
    assert "LD_PRELOAD is reserved for the platform." in review.text
    form = review.form("/pending/save")
    again = visitor.post(f"{PAGES}apps/{app_of(idle)}/pending/save", form.filled(do="save"))
    assert "LD_PRELOAD is reserved for the platform." in again.text
    assert idle.ok("config").out == ""
    without = visitor.press(again, "/pending/save", do="choose", **{"kind:LD_PRELOAD": "drop"})
    assert "LD_PRELOAD" not in without.text
    visitor.press(without, "/pending/save", do="save")
    assert idle.ok("config").lines == ["GOOD=1"]


def test_lines_that_can_not_be_read_change_nothing(visitor: Visitor, idle: Paas) -> None:
    page = visitor.open(f"{PAGES}apps/{app_of(idle)}")
    refused = visitor.press(page, "/pending", text="A=1\nno variable here\n")
    assert (refused.status, "line 2 is not NAME=value" in refused.text) == (422, True)
    assert "not saved yet" not in visitor.open(f"{PAGES}apps/{app_of(idle)}").text


def test_what_is_too_large_is_no_success(visitor: Visitor, idle: Paas) -> None:
    page = visitor.open(f"{PAGES}apps/{app_of(idle)}")
    refused = visitor.press(page, "/pending", text="A=1\n" + "B" * 1_200_000)
    assert refused.status == 413
    assert "not saved yet" not in visitor.open(f"{PAGES}apps/{app_of(idle)}").text


def test_what_is_pending_waits_and_can_be_discarded(visitor: Visitor, idle: Paas) -> None:
    secret, app = idle.canaries.secret(), app_of(idle)
    page = visitor.open(f"{PAGES}apps/{app}")
    visitor.press(page, "/pending", text=f"API_KEY={secret}\n")
    page = visitor.open(f"{PAGES}apps/{app}")
    assert "1 change not saved yet" in page.text
    review = visitor.open(f"{PAGES}apps/{app}/pending")
    assert secret not in review.html
    visitor.press(review, "/pending/discard")
    assert "not saved yet" not in visitor.open(f"{PAGES}apps/{app}").text
    assert idle.ok("secrets").out == ""


def test_a_change_can_be_staged(visitor: Visitor, idle: Paas) -> None:
    page = visitor.open(f"{PAGES}apps/{app_of(idle)}")
    review = visitor.press(page, "/pending", text="LOG_LEVEL=debug\n")
    shown = visitor.press(review, "/pending/save", do="stage")
    assert shown.url.endswith("/staged")
    assert "LOG_LEVEL added debug" in shown.text
    assert "Staged: debug" in visitor.open(f"{PAGES}apps/{app_of(idle)}").text
    assert "LOG_LEVEL" in idle.ok("staged").out


def test_setting_and_unsetting_is_one_release(visitor: Visitor, idle: Paas) -> None:
    idle.ok("config:set", "OLD=1", "KEPT=1")
    before = len(idle.ok("releases", "--json").document["releases"])
    page = visitor.open(f"{PAGES}apps/{app_of(idle)}")
    visitor.press(page, "/pending", unset="OLD")
    review = visitor.press(visitor.open(f"{PAGES}apps/{app_of(idle)}"), "/pending", text="KEPT=2\n")
    visitor.press(review, "/pending/save", do="save")
    assert idle.ok("config").out == "KEPT=2\n"
    assert len(idle.ok("releases", "--json").document["releases"]) == before + 1


def test_a_form_that_is_sent_twice_makes_one_release(visitor: Visitor, idle: Paas) -> None:
    review = visitor.press(visitor.open(f"{PAGES}apps/{app_of(idle)}"), "/pending", text="A=1\nB_TOKEN=2\n")
    form, path = review.form("/pending/save"), f"{PAGES}apps/{app_of(idle)}/pending/save"
    visitor.post(path, form.filled(do="save"))
    visitor.post(path, form.filled(do="save"))
    assert [each["number"] for each in idle.ok("releases", "--json").document["releases"]] == [2, 1]


def test_a_value_is_told_to_a_script_and_is_in_the_audit_log(visitor: Visitor, idle: Paas) -> None:
    secret, app = idle.canaries.secret(), app_of(idle)
    idle.ok("secrets:set", "API_KEY=-", stdin=secret.encode())
    page = visitor.open(f"{PAGES}apps/{app}")
    token = dict(page.form("/pending").fields)["form_token"]
    shown = visitor.post(f"{PAGES}apps/{app}/secrets/API_KEY/reveal", (), headers={"x-form-token": token})
    assert json.loads(shown.body) == {"value": secret}
    assert shown.headers["cache-control"] == "no-store"
    newest = idle.ok("audit", "-a", app, "--action", "secrets.get", "--json").document["events"][0]
    assert (newest["actor"], newest["targets"], newest["client_address"]) == (
        "user:ada@example.com",
        ["API_KEY"],
        "127.0.0.1",
    )
    absent = visitor.post(f"{PAGES}apps/{app}/secrets/NONE/reveal", (), headers={"x-form-token": token})
    assert absent.status == 404
    assert "error" in json.loads(absent.body)


def test_a_form_from_elsewhere_does_nothing(
    visitor: Visitor, idle: Paas, ada: Paas, installation: Installation
) -> None:
    app = app_of(idle)
    path, own = f"{PAGES}apps/{app}/pending", visitor.open(f"{PAGES}apps/{app}").form("/pending")
    fields = own.filled(text="STOLEN=1")
    for headers in ({"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}):
        assert visitor.post(path, fields, headers=headers).status == 403
    other = signed_in(installation, ada).open(f"{PAGES}apps/{app}").form("/pending")
    for token in ("", "x", dict(other.fields)["form_token"]):
        refused = visitor.post(path, own.filled(text="STOLEN=1", form_token=token))
        assert (refused.status, "before you signed in" in refused.text) == (403, True)
    assert "not saved yet" not in visitor.open(f"{PAGES}apps/{app}").text


def test_a_link_is_good_once(installation: Installation, ada: Paas) -> None:
    link = link_of(ada)
    first, second = Visitor(installation.stack.gateway_url), Visitor(installation.stack.gateway_url)
    shown_to_both = [first.open_link(link), second.open_link(link)]
    assert all("ada@example.com" in page.text for page in shown_to_both)
    assert first.press(shown_to_both[0], "sign-in/link").status == 200
    refused = second.press(shown_to_both[1], "sign-in/link")
    assert (refused.status, second.cookies) == (404, {})
    assert "used already" in refused.text


def test_nobody_has_links_or_browsers_without_end(installation: Installation) -> None:
    pat = installation.person("pat@example.com")
    links = [link_of(pat) for _ in range(7)]
    oldest, newest = (Visitor(installation.stack.gateway_url).open_link(link).status for link in (links[0], links[-1]))
    assert (oldest, newest) == (404, 200)
    as_superuser(
        installation.stack,
        "dashboard",
        """INSERT INTO sessions SELECT sha256(number::text::bytea), 'acme', 'user:pat@example.com', '', now(), now(),
               now() + interval '1 hour' FROM generate_series(1, 60) AS number RETURNING 1""",
    )
    visitor = Visitor(installation.stack.gateway_url)
    visitor.press(visitor.open_link(links[-1]), "sign-in/link")
    kept = as_superuser(
        installation.stack, "dashboard", "SELECT count(*) FROM sessions WHERE subject = 'user:pat@example.com'"
    )
    assert kept == [(50,)]
    assert visitor.open(PAGES).status == 200


@pytest.mark.parametrize(
    "page", ["../../x", "//evil.example", "apps/../../x", "https://evil.example", "a?b=//evil.example", "a\nb"]
)
def test_a_link_leads_to_pages_of_ours_alone(installation: Installation, ada: Paas, page: str) -> None:
    visitor = Visitor(installation.stack.gateway_url)
    shown = visitor.open_link(link_of(ada))
    form = visitor.send("POST", f"{visitor.origin}{PAGES}sign-in/link", shown.form("sign-in/link").filled(to=page))
    assert form.headers["location"] == PAGES


@pytest.mark.parametrize("after", ["x", "-1", "9" * 19, "9" * 400])
def test_a_place_in_the_log_that_is_none_is_its_end(visitor: Visitor, idle: Paas, after: str) -> None:
    with following(visitor, app_of(idle), after=after) as connection:
        assert b"200 OK" in connection.recv(4096)


def test_who_stops_looking_is_not_told_any_more(visitor: Visitor, idle: Paas) -> None:
    app = app_of(idle)
    # More than one token may have open at once; each is closed before the next.
    for _ in range(40):
        with following(visitor, app) as connection:
            assert b"200 OK" in connection.recv(4096)
    # As the page does: a stream that is told to begin with its own beginning is answered before that is known.
    (newest,) = re.findall(r'data-after="(\d+)"', visitor.open(f"{PAGES}account/audit").html)
    idle.ok("config:set", "A=1")

    def is_told() -> bool:
        told = b""
        with following(visitor, app, after=newest) as connection:
            while b"config.set" not in told and b"refused" not in told:
                got = connection.recv(4096)
                assert got, told
                told += got
        return b"refused" not in told

    soon(is_told)  # that a browser has gone may be noticed a moment later


def following(visitor: Visitor, app: str, *, after: str = "0") -> socket.socket:
    """A connection on which an app's events are told as they come."""
    parts = urlsplit(visitor.origin)
    connection = socket.create_connection((parts.hostname or "", parts.port or 0), timeout=PATIENCE)
    head = (
        f"GET {PAGES}account/audit/events?after={after}&app={app} HTTP/1.1\r\nhost: {parts.netloc}\r\n"
        f"cookie: __Host-paas={visitor.cookies['__Host-paas']}\r\n\r\n"
    )
    connection.sendall(head.encode())
    return connection


def test_a_session_is_a_new_one_and_ends_at_sign_out(installation: Installation, ada: Paas) -> None:
    visitor = Visitor(installation.stack.gateway_url)
    planted = "A" * 42 + "A"
    visitor.cookies["__Host-paas"] = planted
    visitor.press(visitor.open_link(link_of(ada)), "sign-in/link")
    cookie = visitor.cookies["__Host-paas"]
    assert cookie != planted
    (line,) = [line for line in visitor.set_cookies if "Max-Age" not in line]
    for attribute in ("Path=/", "Secure", "HttpOnly", "SameSite=lax"):
        assert attribute in line
    page = visitor.open(PAGES)
    assert page.status == 200
    gone = visitor.press(page, "sign-out")
    assert "You are signed out" in gone.text
    visitor.cookies["__Host-paas"] = cookie
    assert "Sign in" in visitor.open(PAGES).text


def test_signing_out_everywhere_ends_all_of_the_person(installation: Installation) -> None:
    eve = installation.person("eve@example.com")
    one, two = signed_in(installation, eve), signed_in(installation, eve)
    one.press(one.open(PAGES), "sign-out-everywhere")
    assert "Sign in" in two.open(PAGES).text


def test_a_revoked_token_ends_the_session(installation: Installation, ada: Paas) -> None:
    made = ada.ok("tokens:create", "--name", "browser", "--json").document
    visitor = signed_in(installation, ada.as_token(made["secret"]))
    assert "browser" in visitor.open(PAGES).text or visitor.open(PAGES).status == 200
    ada.ok("tokens:revoke", "browser")
    assert "Sign in" in visitor.open(PAGES).text


@pytest.mark.parametrize("cookie", ["", "x", "A" * 43, "é", "A" * 5000])
def test_nobody_sees_anything(installation: Installation, idle: Paas, cookie: str) -> None:
    visitor = Visitor(installation.stack.gateway_url)
    if cookie and cookie.isascii():
        visitor.cookies["__Host-paas"] = cookie
    for path in ("", "account/audit", f"apps/{app_of(idle)}", f"apps/{app_of(idle)}/releases/1/progress"):
        shown = visitor.open(PAGES + path)
        assert app_of(idle) not in shown.text
        assert "Sign in" in shown.text


def test_what_is_kept_opens_with_the_cookie_alone(installation: Installation, idle: Paas, visitor: Visitor) -> None:
    secret = idle.canaries.secret()
    visitor.press(visitor.open(f"{PAGES}apps/{app_of(idle)}"), "/pending", text=f"API_KEY={secret}\n")
    stack = installation.stack
    for rows in ("SELECT s::text FROM sessions s", "SELECT p::text FROM pending p", "SELECT o::text FROM once o"):
        kept = str(as_superuser(stack, "dashboard", rows))
        assert idle.environment["PAAS_TOKEN"] not in kept
        assert secret not in kept
        assert secret.encode().hex() not in kept
        assert visitor.cookies["__Host-paas"] not in kept


def test_the_audit_page_answers_what_its_address_asks(visitor: Visitor, idle: Paas) -> None:
    idle.ok("config:set", "A=1")
    app = app_of(idle)
    shown = visitor.open(f"{PAGES}account/audit?app={app}&action=config.set&since=1h&actor=ada%40example.com")
    assert shown.status == 200
    assert "config.set" in shown.text
    assert "A" in shown.text
    assert visitor.open(f"{PAGES}account/audit?app={app}&action=keys.rotate").text.count("Nothing in the log") == 1
    for asked, said in {
        "since=yesterday": "no moment",
        "action=nonsense": "action",
        "outcome=x": "An outcome is",
    }.items():
        refused = visitor.open(f"{PAGES}account/audit?{asked}")
        assert (refused.status, said in refused.text) == (422, True)


def test_an_app_that_is_not_there_and_one_of_others_are_answered_alike(
    installation: Installation, visitor: Visitor, idle: Paas
) -> None:
    strangers = installation.person("mallory@example.com", tenant="elsewhere")
    theirs = installation.new_app(strangers, instances=0)

    def words(page: Shown, app: str) -> str:
        return page.text.replace(app, "APP")

    absent, foreign = (visitor.open(f"{PAGES}apps/{app}") for app in ("nonesuch", app_of(theirs)))
    assert (absent.status, foreign.status) == (404, 404)
    assert words(absent, "nonesuch") == words(foreign, app_of(theirs))


def test_only_the_gateway_is_answered(installation: Installation) -> None:
    address = (HOST, port_of(DASHBOARD, base_port=installation.stack.base_port))
    for name in ("config", "operator", "gateway"):
        context = ssl.create_default_context(cafile=str(installation.stack.layout.tls / "ca.pem"))
        folder = installation.stack.layout.tls
        context.load_cert_chain(folder / f"{name}.pem", folder / f"{name}.key")
        with socket.create_connection(address, timeout=PATIENCE) as plain:
            connection = context.wrap_socket(plain, server_hostname="dashboard.paas.internal")
            connection.sendall(b"GET /ready HTTP/1.1\r\nhost: x\r\n\r\n")
            assert (b"200 OK" in connection.recv(1024)) is (name == "gateway")
    with socket.create_connection(address, timeout=PATIENCE) as plain:
        plain.sendall(b"GET /ready HTTP/1.1\r\nhost: x\r\n\r\n")
        assert plain.recv(1024)[:4] != b"HTTP"

"""A sign-in that ends while a page is open: what is done next leads to signing in, is not done, and loses no other's.

Ended here as it ends everywhere: its row is gone. That rows go, and when, is tests/integration/dashboard's.
"""

from collections.abc import Callable
from typing import Any, Final

from tests.browser.all_pages import pages
from tests.browser.visits import Window, come_in, reveal, window
from tests.e2e.installation import Installation, Paas, as_superuser

Act = Callable[[Any], None]


def _end_all(installation: Installation) -> None:
    as_superuser(installation.stack, "dashboard", "DELETE FROM sessions")


def _is_sign_in(opened: Window) -> bool:
    """Whether this is where people sign in, and nothing else."""
    opened.page.get_by_role("heading", level=1, name="Sign in").wait_for()
    return int(opened.page.get_by_role("button", name="Sign out").count()) == 0


def _press(name: str) -> Act:
    return lambda page: page.get_by_role("button", name=name, exact=True).first.click()


def _rotate(page: Any) -> None:
    page.get_by_role("checkbox", name="Make generation").check()
    _press("Rotate")(page)


def _make_token(page: Any) -> None:
    page.get_by_label("What it is for").fill("of-nobody")
    _press("Make the token")(page)


_ACTS: Final[dict[str, Act]] = {
    "apps/{app}/secrets/API_KEY": lambda page: reveal(page, "", exact=False),
    "apps/{app}": lambda page: page.get_by_role("button", name="Copy API_KEY").click(),
    "apps/{app}/releases": lambda page: page.get_by_role("link", name="Instances").click(),
    "apps/{app}/releases/2/rollback": _press("Roll back to v2"),
    "apps/{app}/staged": lambda page: page.get_by_role("button", name="Release all").click(),
    "account/tokens/new": _make_token,
    "account/keys": _rotate,
    "account/incident": _press("Ask"),
}


def test_no_page_is_shown_to_whoever_is_signed_in_no_more(browser: Any, installation: Installation, full: Paas) -> None:
    with window(browser, full) as opened:
        _end_all(installation)
        for path in pages(full):
            opened.open(path)
            assert path in ("no/such/page", "signed-out") or _is_sign_in(opened), path


def test_what_is_done_next_leads_to_signing_in_and_is_not_done(
    browser: Any, installation: Installation, full: Paas
) -> None:
    app = full.environment["PAAS_APP"]

    def all_there_is() -> list[Any]:
        return [
            len(full.ok("releases", "--json").document["releases"]),
            [each["name"] for each in full.ok("tokens:list", "--json").document["tokens"]],
            len(full.ok("keys", "--json").document["generations"]),
            full.ok("staged", "--json").document,
        ]

    before = all_there_is()
    with window(browser, full) as opened:
        for path, act in _ACTS.items():
            opened.open(path.format(app=app))
            _end_all(installation)
            act(opened.page)
            assert _is_sign_in(opened), path
            come_in(opened, full)
    assert all_there_is() == before


def test_what_was_put_together_ends_with_its_own_sign_in_alone(
    browser: Any, installation: Installation, idle: Paas
) -> None:
    page = f"apps/{idle.environment['PAAS_APP']}"
    with window(browser, idle, page=page) as one, window(browser, idle, page=page) as other:
        for opened in (one, other):
            opened.page.get_by_label("Paste a .env").fill("A=1")
            opened.page.get_by_role("button", name="Review changes").click()
            opened.page.wait_for_url("**/pending")
        # The one that began first.
        as_superuser(
            installation.stack,
            "dashboard",
            "DELETE FROM sessions WHERE session = (SELECT p.session FROM pending p JOIN sessions s USING (session) "
            "WHERE p.app = %s ORDER BY s.started_at LIMIT 1)",
            idle.environment["PAAS_APP"],
        )
        one.page.get_by_role("button", name="Save and release").click()
        assert _is_sign_in(one)
        come_in(one, idle)
        one.open(page)
        assert "not saved yet" not in one.words()
        assert idle.ok("config").lines == []
        other.page.get_by_role("button", name="Save and release").click()
        other.comes_to_a_release()
    assert idle.ok("config").lines == ["A=1"]


def test_a_log_that_is_followed_leads_to_signing_in_by_itself(
    browser: Any, installation: Installation, idle: Paas
) -> None:
    idle.log_is_told()
    with window(browser, idle, page=f"account/audit?app={idle.environment['PAAS_APP']}") as opened:
        opened.page.get_by_text("live", exact=True).wait_for()
        rows = opened.page.locator("#events tbody tr").count()
        _end_all(installation)
        idle.ok("config:set", "AFTER=1")
        assert _is_sign_in(opened)
        assert rows
        opened.noticed[:] = [each for each in opened.noticed if "EventSource" not in each]


def test_with_a_sign_in_that_goes_on_the_same_is_done(browser: Any, full: Paas) -> None:
    """The control of what is not done above."""
    with window(browser, full, page=f"apps/{full.environment['PAAS_APP']}/secrets/API_KEY") as opened:
        _ACTS["apps/{app}/secrets/API_KEY"](opened.page)
        opened.page.get_by_role("button", name="Hide").wait_for()
        assert opened.page.get_by_role("heading", level=1, name="Sign in").count() == 0

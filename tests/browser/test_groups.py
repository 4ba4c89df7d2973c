"""Shared groups with mouse and scripts: from none to a change that both apps have, watched as it goes.

Leaves out what is refused (tests/e2e/test_dashboard_groups) and what comes of an app that fails (test_groups there).
"""

import re
from typing import Any

from tests.browser.visits import window
from tests.e2e.installation import Installation, Paas, settled


def test_a_group_is_made_filled_attached_and_changed_and_its_apps_are_watched(
    browser: Any, installation: Installation, ada: Paas, paas: Paas
) -> None:
    first = paas.environment["PAAS_APP"]
    second = installation.new_app(ada, instances=1).environment["PAAS_APP"]
    with window(browser, paas, page="groups") as opened:
        page = opened.page
        page.get_by_label("Name").fill("by-hand")
        page.get_by_role("button", name="Make a group").click()
        page.wait_for_url("**/groups/by-hand")
        page.get_by_label("Paste a .env").fill("REGION=eu")
        page.get_by_role("button", name="Review changes").click()
        page.wait_for_url("**/groups/by-hand/pending")
        assert "No app has by-hand, so nothing is restarted." in opened.words()
        page.get_by_role("button", name="Save and release").click()
        opened.comes_to_a_release()
        for app in (first, second):
            opened.open("groups/by-hand/apps")
            page.get_by_label("Attach by-hand to").select_option(app)
            page.get_by_role("button", name="See what it would get").click()
            page.get_by_role("rowheader", name="REGION").wait_for()
            page.get_by_role("button", name=f"Attach and release {app}").click()
            opened.comes_to_a_release(app=app)
            assert f"/apps/{app}/releases/" in page.url
            settled(ada.with_(PAAS_APP=app))

        opened.open("groups/by-hand")
        page.get_by_label("Paste a .env").fill("REGION=us")
        page.get_by_role("button", name="Review changes").click()
        page.wait_for_url("**/groups/by-hand/pending")
        assert f"2 apps are released, one first and then the others: {first}, {second}." in opened.words()
        page.get_by_role("button", name="Save and release").click()
        opened.comes_to_a_release()
        # The page is not loaded again for these: its script is told of each.
        for app in (first, second):
            row = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name=app, exact=True))
            row.get_by_text("succeeded", exact=True).wait_for()
            row.get_by_role("link", name=re.compile(r"^v\d+$")).wait_for()
        page.locator("[data-state]").get_by_text("succeeded", exact=True).wait_for()

        page.get_by_role("link", name=first, exact=True).click()
        page.wait_for_url(f"**/apps/{first}")
        row = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="REGION"))
        assert "us" in row.inner_text()
        assert row.get_by_role("button", name=re.compile("Unset")).count() == 0
        row.get_by_role("link", name="by-hand").click()
        page.wait_for_url("**/groups/by-hand")
    assert paas.ok("config").lines[-2:] == ["# from by-hand", "REGION=us"]


def test_a_secret_of_a_group_is_revealed_on_its_page_there(browser: Any, ada: Paas, idle: Paas) -> None:
    secret = idle.canaries.secret()
    ada.ok("groups:create", "with-secret")
    ada.ok("secrets:set", "DSN=-", "-a", "with-secret", stdin=secret.encode())
    idle.ok("groups:attach", "with-secret")
    with window(browser, idle, page=f"apps/{idle.environment['PAAS_APP']}") as opened:
        page = opened.page
        assert page.get_by_role("button", name=re.compile("Reveal")).count() == 0
        page.get_by_role("link", name="Open DSN of with-secret").click()
        page.wait_for_url("**/groups/with-secret/secrets/DSN")
        page.get_by_role("button", name="Reveal", exact=True).click()
        page.get_by_label("Why do you look?").fill("to look at it")
        page.get_by_role("button", name="Show it").click()
        page.locator('[data-secret="DSN"]').get_by_text(secret).wait_for()

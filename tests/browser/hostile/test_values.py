"""Hostile values of config vars and secrets, wherever values are shown: live, staged, pasted, compared and revealed.

Leaves out names, which have an alphabet (`test_forms`), and what addresses say (`test_addresses`).
"""

from typing import Any

import pytest

from tests.browser.hostile.payloads import TEXTS
from tests.browser.hostile.watching import is_text, wary
from tests.browser.visits import reveal
from tests.e2e.installation import Installation, Paas

# Names that each object of JavaScript has, and those that a form's fields would hide something with.
CLOBBERING = ("__proto__", "constructor", "toString", "form_token", "action", "submit", "kind", "unset")


@pytest.fixture(scope="module")
def written(installation: Installation, ada: Paas) -> Paas:
    """`paas` with an app whose config vars, staged ones among them, and secrets have all of the texts as values."""
    paas = installation.new_app(ada, instances=0)
    paas.ok("config:set", *(f"LIVE_{index}={text}" for index, text in enumerate(TEXTS)))
    paas.ok("secrets:set", *(f"SEALED_{index}={text}" for index, text in enumerate(TEXTS)))
    paas.ok("config:set", "--stage", *(f"STAGED_{index}={text}" for index, text in enumerate(TEXTS)))
    return paas


def test_a_value_is_text_where_it_is_live_staged_and_revealed(browser: Any, written: Paas) -> None:
    app = written.environment["PAAS_APP"]
    with wary(browser, written, page=f"apps/{app}") as opened:
        page = opened.page
        shown = page.locator("#variables code").all_text_contents()
        for text in TEXTS:
            assert shown.count(text) == 2, "once live and once staged"
        assert is_text(opened)
        for index, text in enumerate(TEXTS):
            reveal(page, f"SEALED_{index}")
            place = page.locator(f"[data-secret=SEALED_{index}] code")
            place.wait_for()
            assert place.text_content() == text
        assert is_text(opened)
        opened.open(f"apps/{app}/staged")
        assert sorted(page.locator("main ins").all_text_contents()) == sorted(TEXTS)
        assert is_text(opened)


def test_a_value_is_text_beside_another_app_and_where_it_is_taken_over(
    browser: Any, written: Paas, installation: Installation, ada: Paas
) -> None:
    app, other = written.environment["PAAS_APP"], installation.new_app(ada, instances=0).environment["PAAS_APP"]
    with wary(browser, written, page=f"apps/{other}/compare?with={app}") as opened:
        page = opened.page
        assert sorted(page.locator("main td code").all_text_contents()) == sorted(TEXTS)
        assert is_text(opened)
        page.evaluate("document.querySelectorAll('[name=take]').forEach((box) => { box.checked = true; })")
        page.get_by_role("button", name="Take the chosen over").click()
        page.wait_for_url("**/pending")
        assert sorted(page.locator("main ins").all_text_contents()) == sorted(TEXTS)
        assert is_text(opened)


def test_what_is_pasted_is_text_and_so_is_a_line_that_is_refused(browser: Any, idle: Paas) -> None:
    with wary(browser, idle, page=f"apps/{idle.environment['PAAS_APP']}") as opened:
        page = opened.page
        lines = [f'NEW_{index}="{_escaped(text)}"' for index, text in enumerate(TEXTS)]
        page.get_by_label("Paste a .env").fill("\n".join(lines))
        page.get_by_role("button", name="Review changes").click()
        page.wait_for_url("**/pending")
        assert page.locator("ins").all_text_contents() == list(TEXTS)
        assert is_text(opened)
        page.get_by_role("button", name="Discard all of it").click()
        for text in TEXTS:
            page.get_by_label("Paste a .env").fill(f"A=1\n{text}\n{text}=2")
            page.get_by_role("button", name="Review changes").click()
            page.locator("h1:text('Not done'), #pending").first.wait_for()
            assert is_text(opened)
            opened.open(f"apps/{idle.environment['PAAS_APP']}")


def test_what_is_written_from_right_to_left_turns_nothing_beside_it_round(browser: Any, idle: Paas) -> None:
    """A value that says who staged it would otherwise be read backwards with it (CVE-2021-42574)."""
    idle.ok("config:set", "--stage", "A=\u202eabc")
    with wary(browser, idle, page=f"apps/{idle.environment['PAAS_APP']}") as opened:
        value, by = opened.page.locator(".staged code"), opened.page.locator(".staged .quiet")
        behind = """(by, value) => {
            const [own, other] = [by.getClientRects()[0], [...value.getClientRects()].at(-1)];
            return own.left >= other.right || own.top >= other.bottom; }"""
        assert by.evaluate(behind, value.element_handle())
        # The words themselves: "by" begins where its box does.
        first = """(by) => {
            const letters = document.createRange();
            letters.setStart(by.firstChild, 0); letters.setEnd(by.firstChild, 1);
            return letters.getBoundingClientRect().left - by.getClientRects()[0].left; }"""
        assert abs(by.evaluate(first)) < 1


def test_what_comes_from_a_group_is_text_and_so_is_a_schema(
    browser: Any, installation: Installation, ada: Paas
) -> None:
    paas = installation.new_app(ada, instances=0)
    app, group = paas.environment["PAAS_APP"], f"of-{paas.environment['PAAS_APP']}"
    ada.ok("groups:create", group)
    ada.ok("config:set", *(f"LIVE_{index}={text}" for index, text in enumerate(TEXTS)), "-a", group)
    paas.ok("groups:attach", group)
    # A line of a schema is a line; what else is in it is its writer's.
    lines = [f"# {' '.join(text.split())}" for text in TEXTS if text.isprintable()]
    schema = "\n".join(("# @defaultRequired=false", "# ---", *lines, "LIVE_0=", ""))
    paas.ok("schema:set", "-", stdin=schema.encode())
    with wary(browser, paas, page=f"apps/{app}") as opened:
        for text in TEXTS:
            assert text in opened.page.locator("#variables code").all_text_contents()
        assert is_text(opened)
        opened.open(f"groups/{group}")
        assert is_text(opened)
        opened.open(f"apps/{app}/runs")
        assert opened.page.locator("pre code").text_content() == schema
        assert is_text(opened)


def test_names_that_scripts_have_are_names_like_others(browser: Any, idle: Paas) -> None:
    app, secret = idle.environment["PAAS_APP"], idle.canaries.secret()
    with wary(browser, idle, page=f"apps/{app}") as opened:
        page = opened.page
        page.get_by_label("Paste a .env").fill("\n".join(f"{name}={secret}" for name in CLOBBERING))
        page.get_by_role("button", name="Review changes").click()
        page.wait_for_url("**/pending")
        for name in CLOBBERING:
            page.locator(f'[name="kind:{name}"]').evaluate("(select) => { select.value = 'secret'; }")
        page.get_by_role("button", name="Save and release").click()
        opened.comes_to_a_release()
        opened.open(f"apps/{app}")
        for name in CLOBBERING:
            reveal(page, name)
            page.locator(f'[data-secret="{name}"]').get_by_text(secret).wait_for()
            page.get_by_role("button", name=f"Hide {name}", exact=True).click()
        assert is_text(opened)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")

"""Hostile texts in every field of every form, and what the page says then: a refusal, or the text as text.

Whether a field takes them is its service's to say. The last test is that no field was forgotten. Leaves out what is
pasted (`test_values`).
"""

from typing import Any, Final

import pytest

from tests.browser.all_pages import pages
from tests.browser.hostile.addresses import ASKED
from tests.browser.hostile.payloads import TEXTS
from tests.browser.hostile.watching import is_text, wary
from tests.browser.visits import Window
from tests.e2e.installation import Installation, Paas

# Where each is, and the button that sends it.
FORMS: Final = {
    "account/people": "End their sessions",
    "account/tokens/new": "Make the token",
    "account/trusts/new?ci=other": "Make the trust",
    "account/trusts/{trust}": "Test it",
    "apps/{app}/secrets/API_KEY": "Stage for later",
    "groups": "Make a group",
    "groups/{group}/secrets/SENTRY_DSN": "Stage for later",
    "sign-in/link": "Go on",
}
# As many as one trust may ask for.
_CLAIMS: Final = 8
_WRITABLE: Final = "input:not([type]), input[type=search], input[type=text], textarea"
# What a person could do to the page as well: it holds nobody up.
_FILL: Final = """(button, [text, writable]) => {
    button.form.noValidate = true;
    for (const field of button.form.querySelectorAll(writable)) {
        field.removeAttribute("maxlength");
        field.value = text;
    }
    button.form.querySelector("[value=given]")?.click(); }"""
# A form by where it goes, without what differs from app to app, and a field by its name.
_FIELDS: Final = """(writable) => [...document.querySelectorAll(writable)].map((field) =>
    `${field.form?.getAttribute("action")
        .replace(/(apps|groups|tokens|trusts)\\/[^/]+/, "$1/…") ?? ""} ${field.name}`)"""
_IN_OTHER_TESTS: Final = {
    "/runtime/dashboard/apps/…/pending text",
    "/runtime/dashboard/groups/…/pending text",
    " ",
    *(f"/runtime/dashboard/{path} {field}" for path, sets in ASKED.items() for fields in sets for field in fields),
}


@pytest.mark.parametrize("form", FORMS)
def test_what_a_form_is_given_is_text(browser: Any, full: Paas, form: str) -> None:
    with wary(browser, full) as opened:
        opened.open(_path(form, full))
        for text in TEXTS:
            button = opened.page.get_by_role("button", name=FORMS[form], exact=True)
            button.evaluate(_FILL, [text, _WRITABLE])
            _send(opened, button)
            assert is_text(opened)
            if not button.is_visible():
                opened.open(_path(form, full))


def test_what_is_searched_for_is_text(browser: Any, full: Paas) -> None:
    with wary(browser, full, page=f"apps/{full.environment['PAAS_APP']}") as opened:
        for text in TEXTS:
            opened.page.get_by_label("Search variables").fill(text)
            assert opened.page.locator("#variables tbody tr:visible").count() == 0
            assert is_text(opened)
        opened.page.get_by_label("Search variables").fill("api_k")
        assert opened.page.locator("#variables tbody tr:visible").count() == 1


def test_what_a_trust_says_is_text(browser: Any, full: Paas, installation: Installation) -> None:
    """What a CI system's token has to say may be any text that can be seen."""
    name = installation.new_app(full, instances=0).environment["PAAS_APP"]
    claims = [f"--claim=claim_{index}={text}" for index, text in enumerate(TEXTS) if text.isprintable()]
    made = list[str]()
    for part in range(0, len(claims), _CLAIMS):
        subject = f"project_path:octo/app:ref_type:branch:ref:{TEXTS[2]}"
        trust = ("tokens:trust", "add", "--issuer", "https://gitlab.com", "--name", f"{name}-{part}", "--json")
        answer = full.ok(*trust, "--subject", subject, "--claim=project_id=28", *claims[part : part + _CLAIMS])
        made.append(answer.document["trust"]["id"])
    with wary(browser, full) as opened:
        shown = list[str]()
        for trust_id in made:
            opened.open(f"account/trusts/{trust_id}")
            shown += opened.page.locator(".facts code").all_text_contents()
            assert is_text(opened)
        assert {each.removeprefix("--claim=") for each in claims} <= set(shown)
        opened.open("account/trusts")
        assert is_text(opened)
    for trust_id in made:
        full.ok("tokens:trust", "remove", trust_id)


def test_no_field_was_forgotten(browser: Any, full: Paas) -> None:
    with wary(browser, full) as opened:

        def fields(path: str) -> set[str]:
            opened.open(path)
            return set(opened.page.evaluate(_FIELDS, _WRITABLE))

        tried = set[str]().union(*(fields(_path(form, full)) for form in FORMS))
        found = set[str]().union(*map(fields, pages(full)))
    assert found - tried <= _IN_OTHER_TESTS


def _path(form: str, paas: Paas) -> str:
    return form.format(
        app=paas.environment["PAAS_APP"], group=paas.environment["A_GROUP"], trust=paas.environment["A_TRUST"]
    )


def _send(opened: Window, button: Any) -> None:
    """Press it, and wait for what comes: another page, or what a script says on this one."""
    if button.evaluate("(button) => button.form.matches('[data-once]')"):
        button.click()
        opened.page.locator("#once:visible, [data-problem]:visible").first.wait_for()
    else:
        with opened.page.expect_navigation():
            button.click()

"""Every page with a keyboard alone: each control is come to, in the order in which it stands, and is seen to be.

Controls are those that browsers have, which work with Enter and Space by themselves; that there are no others is tested
here too. Leaves out what single controls do (test_variables).
"""

import json
from typing import Any, Final

from tests.browser.all_pages import pages
from tests.browser.visits import Window, sizes, window
from tests.e2e.installation import Paas

_RECORD: Final = """() => {
    window.visited = [];
    addEventListener("focusin", ({ target }) => {
        const style = getComputedStyle(target), box = target.getBoundingClientRect();
        const top = document.elementFromPoint(box.left + box.width / 2, box.top + Math.min(box.height, 20) / 2);
        const isSeen = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
        const isCovered = top !== null && !target.contains(top) && !top.contains(target);
        const isThere = box.bottom > 0 && box.top < innerHeight;
        window.visited.push([target, isSeen, isCovered, isThere]);
    });
}"""
# What has to be come to: a radio button is one of a group, of which the chosen one is come to.
_CONTROLS: Final = """() => [...document.querySelectorAll(
        "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']")].filter((each) =>
    !each.disabled && !(each.type === "radio" && !each.checked)
    && each.checkVisibility({ visibilityProperty: true }))"""
_MISSED: Final = f"""() => {{
    const controls = ({_CONTROLS})(), visited = window.visited.map(([target]) => target);
    const what = (each) => each.outerHTML.slice(0, 120);
    const first = visited.filter((each, index) => visited.indexOf(each) === index && controls.includes(each));
    const begun = controls.indexOf(first[0]);
    return {{
        missed: controls.filter((each) => !visited.includes(each)).map(what),
        unseen: window.visited.filter(([, isSeen]) => !isSeen).map(([each]) => what(each)),
        covered: window.visited.filter(([, , isCovered]) => isCovered).map(([each]) => what(each)),
        away: window.visited.filter(([, , , isThere]) => !isThere).map(([each]) => what(each)),
        disordered: controls.every((_, index) => first[index] === controls[(index + begun) % controls.length])
            ? [] : first.map(what),
        unnatural: [...document.querySelectorAll("[onclick], [tabindex]:not([tabindex='0'], [tabindex='-1']), "
            + ":is(div, span, td, tr, li)[role=button], :is(div, span)[data-copy]")].map(what),
    }};
}}"""


def test_each_control_is_come_to_and_is_seen_to_be(browser: Any, full: Paas) -> None:
    found = dict[str, Any]()
    with window(browser, full, viewport=sizes()["desk"]) as opened:
        for path in pages(full):
            opened.open(path)
            faults = {kind: which for kind, which in _walked(opened).items() if which}
            if faults:
                found[path] = faults
    assert not found, json.dumps(found, indent=1)


def test_what_can_t_be_come_to_or_seen_is_found(browser: Any, full: Paas) -> None:
    """Faults put into a page of ours, each of which the walk tells."""
    with window(browser, full, page=f"apps/{full.environment['PAAS_APP']}/releases") as opened:
        opened.page.evaluate(
            """() => {
                const [first, second, third] = document.querySelectorAll("main a[href]");
                first.tabIndex = -1;
                second.style.outline = "none";
                third.tabIndex = 3;
                const div = document.createElement("div");
                div.setAttribute("role", "button");
                document.querySelector("main").append(div);
            }"""
        )
        faults = _walked(opened)
        assert all(faults[kind] for kind in ("missed", "unseen", "unnatural", "disordered")), faults


def _walked(opened: Window) -> dict[str, list[str]]:
    """Go through the page with Tab, from its beginning to its end; what was wrong on the way."""
    page = opened.page
    # It begins where the page had put the focus, and goes once round.
    page.evaluate("document.activeElement?.blur()")
    page.evaluate(_RECORD)
    for _ in range(int(page.evaluate(f"({_CONTROLS})().length")) + 3):
        page.keyboard.press("Tab")
    return dict(page.evaluate(_MISSED))


def test_everything_is_done_without_a_mouse(browser: Any, idle: Paas) -> None:
    """From a paste to a release, to a value that is revealed, to the menu, to signing out."""
    with window(browser, idle, page=f"apps/{idle.environment['PAAS_APP']}") as opened:
        page, secret = opened.page, idle.canaries.secret()
        _tab_to(page, "textarea")
        page.keyboard.insert_text(f"API_KEY={secret}\nREGION=eu\nZONE=b")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.wait_for_url("**/pending")
        _tab_to(page, '[name="kind:ZONE"]')
        # One choice after the other, without the page going away under it (WCAG 3.2.2).
        page.keyboard.press("End")
        assert page.get_by_label("Keep ZONE as").input_value() == "drop"
        _tab_to(page, "[value=choose]")
        page.keyboard.press("Space")
        page.get_by_text("2 changes, one release").wait_for()
        _tab_to(page, "[value=save]")
        page.keyboard.press("Enter")
        opened.comes_to_a_release()
        opened.open(f"apps/{idle.environment['PAAS_APP']}")
        _tab_to(page, "[data-reveal=API_KEY]")
        page.keyboard.press("Space")
        page.keyboard.insert_text("to look at it")
        page.keyboard.press("Enter")
        page.get_by_text(secret).wait_for()
        page.keyboard.press("Enter")
        page.get_by_role("button", name="Reveal API_KEY").wait_for()
        page.keyboard.press("Home")
        _tab_to(page, "summary", backwards=True)
        page.keyboard.press("Enter")
        page.get_by_role("button", name="Sign out", exact=True).wait_for()
        page.keyboard.press("Escape")
        page.get_by_role("button", name="Sign out", exact=True).wait_for(state="hidden")
        page.keyboard.press("Space")
        _tab_to(page, "form[action$='sign-out'] button")
        page.keyboard.press("Enter")
        page.get_by_role("heading", name="You are signed out").wait_for()


def _tab_to(page: Any, selector: str, *, backwards: bool = False) -> None:
    """Press Tab until the focus is there. Raises AssertionError where it never is."""
    for _ in range(80):
        page.keyboard.press("Shift+Tab" if backwards else "Tab")
        if page.evaluate("(selector) => document.activeElement?.matches(selector) ?? false", selector):
            return
    raise AssertionError(f"Tab does not come to {selector}")

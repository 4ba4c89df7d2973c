"""What somebody hears who does not see the page: names, roles, states, and what is announced by itself.

Leaves out how it sounds. That a program finds no violation is tests/browser/looks/test_accessible.
"""

import json
from typing import Any, Final

from tests.browser.all_pages import pages
from tests.browser.heard.tree import Node, announcements, heard
from tests.browser.visits import comes_true, window
from tests.e2e.installation import Paas

_NAMED: Final = {
    *("button", "link", "textbox", "searchbox", "combobox", "checkbox", "radio", "spinbutton", "progressbar"),
    *("navigation", "region", "img", "image", "columnheader", "rowheader", "heading", "DisclosureTriangle"),
}
# Two of them: a single one is before each point of a list.
_MASK: Final = "••"


def _of(nodes: list[Node], role: str) -> list[Node]:
    return [each for each in nodes if each.role == role]


def _names(nodes: list[Node], role: str) -> list[str]:
    return [each.name for each in _of(nodes, role)]


def _focused(nodes: list[Node]) -> Node:
    return [each for each in nodes if each.states.get("focused")][-1]


def _is_picture(node: Node) -> bool:
    """Whether it is a picture, or within one: of which the name is heard, and nothing else."""
    return any(each.role in ("image", "img") for each in (node, *node.within))


def test_everything_on_every_page_has_a_name_and_a_place(browser: Any, full: Paas) -> None:
    found = list[str]()
    with window(browser, full) as opened:
        for path in pages(full):
            opened.open(path)
            nodes = heard(opened.page)
            found += [
                f"{path}: a {each.role} without a name" for each in nodes if each.role in _NAMED and not each.name
            ]
            found += [f"{path}: reads dots" for each in nodes if _MASK in each.name and not _is_picture(each)]
            found += [f"{path}: tells all of a table" for each in nodes if each.role == "table" and each.is_announced]
            for role in ("main", "banner"):
                if len(_of(nodes, role)) != 1:
                    found.append(f"{path}: {len(_of(nodes, role))} of {role}")
            if (ones := [each.name for each in _of(nodes, "heading") if each.states["level"] == 1]) and len(ones) != 1:
                found.append(f"{path}: headings of level 1: {ones}")
            if len(set(where := _names(nodes, "navigation"))) != len(where):
                found.append(f"{path}: two of the same name: {where}")
            title, language = opened.page.title(), opened.page.locator("html").get_attribute("lang")
            if language != "en" or not ones or len(title) < len("x · PaaS"):
                found.append(f"{path}: {title!r} in {language!r}, headed {ones}")
    assert not found, "\n".join(found)


def test_a_difference_is_heard_as_one_and_no_value_of_a_secret(browser: Any, idle: Paas) -> None:
    idle.ok("config:set", "LOG_LEVEL=info")
    idle.ok("secrets:set", "API_KEY=-", stdin=idle.canaries.secret().encode())
    with window(browser, idle, page=f"apps/{idle.environment['PAAS_APP']}") as opened:
        page, secret = opened.page, idle.canaries.secret()
        page.get_by_label("Paste a .env").fill(f"LOG_LEVEL=debug\nAPI_KEY={secret}\nLD_PRELOAD=1\nREGION=eu")
        page.get_by_role("button", name="Review changes").click()
        page.wait_for_url("**/pending")
        nodes = heard(page)
        assert _names(nodes, "columnheader") == ["Change", "Name", "Value", "Keep as"]
        rows = {each.name: each for each in _of(nodes, "rowheader")}
        assert sorted(rows) == ["API_KEY line 2", "LD_PRELOAD line 3", "LOG_LEVEL line 1", "REGION line 4"]
        heard_in = {
            name: [
                each.name
                for each in nodes
                if row.within[0] in each.within
                and each.role in ("StaticText", "image")
                and each.name.strip()
                and _MASK not in each.name
            ]
            for name, row in rows.items()
        }
        assert heard_in["LOG_LEVEL line 1"][:5] == ["changed", "LOG_LEVEL", "line 1", "info", "debug"]
        assert heard_in["API_KEY line 2"][-2:] == ["the value now, hidden", "the new value, hidden"]
        assert "refused" in heard_in["LD_PRELOAD line 3"]
        assert any("LD_PRELOAD" in each and len(each) > len("LD_PRELOAD") for each in heard_in["LD_PRELOAD line 3"]), (
            "why"
        )
        roles = [each.role for each in nodes if rows["LOG_LEVEL line 1"].within[0] in each.within]
        assert roles.index("deletion") < roles.index("insertion")
        assert _names(nodes, "combobox") == [
            f"Keep {name} as" for name in ("LOG_LEVEL", "API_KEY", "LD_PRELOAD", "REGION")
        ]
        save = next(each for each in _of(nodes, "button") if each.name == "Save and release")
        assert save.states.get("disabled"), "what is refused is left out first"
        assert not any(secret in each.name + each.value for each in nodes)


def test_a_release_tells_how_far_it_is_and_nothing_twice(browser: Any, full: Paas) -> None:
    told = [("rolling out", 0), ("rolling out", 0), ("rolling out", 1), ("rolling out", 1), ("succeeded", 2)]
    body = "".join(
        f"data: {json.dumps({'word': word, 'kind': 'busy', 'ended': ready == 2, 'ready': ready, 'total': 2})}\n\n"
        for word, ready in told
    )
    with window(browser, full) as opened:
        announced = announcements(opened.page)
        opened.page.route("**/progress", lambda route: route.fulfill(content_type="text/event-stream", body=body))
        opened.page.route("**/releases/2", lambda route: route.fulfill(response=(got := route.fetch()), body=_on(got)))
        opened.open(f"apps/{full.environment['PAAS_APP']}/releases/2")
        opened.page.locator("[data-state]", has_text="succeeded").wait_for()
        comes_true(opened.page, "document.getElementById('status').textContent.includes('succeeded')")
        opened.page.unroute_all()
        # Of what comes at once only the last may be told.
        assert announced[-1] == "The release succeeded."
        assert set(announced) <= {f"{ready} of 2 instances are ready." for ready in (0, 1)} | {announced[-1]}
        assert len(set(announced)) == len(announced)
        [bar] = [each for each in heard(opened.page) if each.role == "progressbar"]
        assert bar.name == "Instances that are ready"


def _on(got: Any) -> str:
    return str(got.text()).replace('id="release"', 'id="release" data-progress="2/progress"')


def test_a_value_is_told_to_be_shown_and_to_be_gone_and_is_not_read_by_itself(browser: Any, full: Paas) -> None:
    with window(browser, full) as opened:
        page, announced = opened.page, announcements(opened.page)
        page.clock.install()
        opened.open(f"apps/{full.environment['PAAS_APP']}")
        page.get_by_role("button", name="Reveal API_KEY").focus()
        page.keyboard.press("Space")
        assert _focused(heard(page)).name.startswith("Why do you look?")
        page.keyboard.type("to hear it")
        page.keyboard.press("Enter")
        page.get_by_role("button", name="Hide API_KEY").wait_for()
        nodes = heard(page)
        assert _focused(nodes).name == "Hide API_KEY"
        value = str(page.locator("[data-secret=API_KEY] code").text_content())
        [shown] = [each for each in _of(nodes, "StaticText") if each.name == value]
        assert not shown.is_announced
        page.clock.fast_forward(31_000)
        page.get_by_role("button", name="Reveal API_KEY").wait_for()
        assert not any(value in each.name for each in heard(page))
        assert "hidden" in _names(heard(page), "image")
        assert announced == ["API_KEY is shown for 30 seconds.", "API_KEY is hidden again."]


def test_what_is_wrong_in_a_form_is_heard_first_and_at_its_field(browser: Any, full: Paas) -> None:
    with window(browser, full, page="account/trusts/new?ci=github") as opened:
        page = opened.page
        page.get_by_label("Name", exact=True).fill("wrong")
        page.get_by_label("Subject").fill("repo:<nobody>")
        page.get_by_role("button", name="Make the trust").click()
        page.get_by_role("alert").wait_for()
        # A script of the new page goes to it, which may be a moment later than it is there.
        page.wait_for_load_state()
        nodes = heard(page)
        assert _focused(nodes).role == "alert"
        sentence = str(page.get_by_role("alert").text_content())
        wrong = {each.name: each for each in _of(nodes, "textbox") if each.states.get("invalid") == "true"}
        assert "Subject" in wrong
        assert "Name" not in wrong
        assert wrong["Subject"].description == sentence.strip()
        for path in ("account/audit?since=never", "account/incident?token=no-such-token"):
            opened.open(path)
            assert _focused(heard(page)).role == "alert", path


def test_what_a_script_was_refused_is_heard_and_at_its_field(browser: Any, full: Paas) -> None:
    with window(browser, full, page="account/tokens/new") as opened:
        page = opened.page
        page.get_by_label("What it is for").fill("<no name>")
        page.get_by_role("button", name="Make the token").click()
        page.get_by_role("alert").wait_for()
        nodes = heard(page)
        assert _focused(nodes).role == "alert"
        [field] = [each for each in _of(nodes, "textbox") if each.name == "What it is for"]
        assert str(page.get_by_role("alert").text_content()) in field.description

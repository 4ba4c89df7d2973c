"""Rules that hold for every page: who reaches it, and what its template may say."""

import re
from pathlib import Path

import pytest
from starlette.routing import Route

from dashboard.pages.routes import page_routes
from dashboard.web.render import static_names
from dashboard.web.shared_files import STATIC

TEMPLATES = sorted((STATIC.parent / "templates").rglob("*.html"))
SCRIPTS = sorted(STATIC.glob("*.js"))
# Signing in comes before one is signed in; nothing else does.
WITH_FORMS = [path for path in TEMPLATES if 'method="post"' in path.read_text()]
BEFORE_A_SESSION = {"sign_in_code.html", "sign_in_link.html"}


@pytest.mark.parametrize("route", page_routes(), ids=lambda route: f"{route.path}")
def test_a_page_is_for_those_who_are_signed_in(route: Route) -> None:
    assert hasattr(route.endpoint, "page"), "it is not reached through dashboard.web.visit.signed_in"
    assert not (route.methods or set()) - {"GET", "HEAD", "POST"}


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_a_template_escapes_everything_and_has_no_code_in_it(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for never in ("|safe", "| safe", "autoescape", "Markup", "<style", "javascript:", " style=", "http://", "https://"):
        assert never not in text, never
    assert re.search(r"\son[a-z]+=", text) is None
    assert all("src=" in each for each in re.findall(r"<script[^>]*>", text))
    # A password manager would put the sign-in's password there.
    assert 'type="password"' not in text


@pytest.mark.parametrize("path", WITH_FORMS, ids=lambda path: path.name)
def test_a_form_that_changes_something_has_a_token(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    forms = re.findall(r'<form[^>]*method="post".*?</form>', text, re.DOTALL)
    assert forms
    if path.name not in BEFORE_A_SESSION:
        assert all("form_token" in form for form in forms)


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_a_script_makes_no_html_of_text(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for never in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function(", "Storage"):
        assert never not in text, never


def test_shared_files_are_named_by_their_content() -> None:
    names = static_names()
    assert {"page.js", "style.css", "icon.svg"} <= set(names)
    assert all(re.fullmatch(r"[a-z_]+\.[0-9a-f]{16}\.[a-z]+", served) for served in names.values())

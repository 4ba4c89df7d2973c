"""Forty texts that would be code somewhere, in every place where somebody can write and somebody else reads.

None of them may run, load anything or be seen as anything but text. Names of variables, apps and tokens have an
alphabet that none of these is in, which the services' own tests hold.
"""

from typing import Any

import pytest

from tests.browser.visits import window
from tests.e2e.installation import Installation, Paas

PAYLOADS = (
    "<script>window.owned=1</script>",
    "<img src=x onerror=window.owned=1>",
    "<svg onload=window.owned=1>",
    "<svg><script>window.owned=1</script></svg>",
    "<body onload=window.owned=1>",
    "<iframe srcdoc='<script>parent.owned=1</script>'></iframe>",
    "<iframe src=javascript:window.owned=1>",
    "<a href=javascript:window.owned=1>x</a>",
    "javascript:window.owned=1",
    '"><script>window.owned=1</script>',
    "'><script>window.owned=1</script>",
    '" onmouseover="window.owned=1',
    "' onfocus='window.owned=1' autofocus='",
    "` onfocus=window.owned=1 autofocus x=`",
    "</code><script>window.owned=1</script>",
    "</textarea><script>window.owned=1</script>",
    "</title><script>window.owned=1</script>",
    "</style><script>window.owned=1</script>",
    "</script><script>window.owned=1</script>",
    "--><script>window.owned=1</script>",
    "]]><script>window.owned=1</script>",
    "<style>@import 'http://127.0.0.1:1/x.css';</style>",
    "<link rel=stylesheet href=http://127.0.0.1:1/x.css>",
    "<base href=http://127.0.0.1:1/>",
    "<form action=http://127.0.0.1:1/><button>x</button></form>",
    "<meta http-equiv=refresh content='0;url=http://127.0.0.1:1/'>",
    "<object data=javascript:window.owned=1>",
    "<embed src=javascript:window.owned=1>",
    "<math><mtext><script>window.owned=1</script></mtext></math>",
    "<details open ontoggle=window.owned=1>",
    "<input autofocus onfocus=window.owned=1>",
    "<video><source onerror=window.owned=1></video>",
    "<template><script>window.owned=1</script></template>",
    "{{ 7*7 }}{% raw %}",
    "{{ config.items() }}",
    "${window.owned=1}",
    "#{window.owned=1}",
    "&lt;script&gt;window.owned=1&lt;/script&gt;",
    "\u2028<script>window.owned=1</script>\u2029",
    "data: {}\n\nevent: end\ndata: <script>window.owned=1</script>",
)


@pytest.fixture(scope="module")
def written(installation: Installation, ada: Paas) -> Paas:
    """`paas` with an app whose config vars, staged ones among them, have all of the texts as values."""
    paas = installation.new_app(ada, instances=0)
    paas.ok("config:set", *(f"LIVE_{index}={text}" for index, text in enumerate(PAYLOADS)))
    paas.ok("config:set", "--stage", *(f"STAGED_{index}={text}" for index, text in enumerate(PAYLOADS)))
    return paas


def test_there_are_forty() -> None:
    assert len(set(PAYLOADS)) == 40


def test_a_value_is_text(browser: Any, written: Paas) -> None:
    with window(browser, written, page=f"apps/{written.environment['PAAS_APP']}") as opened:
        page = opened.page
        shown = page.locator("#variables code").all_text_contents()
        for text in PAYLOADS:
            assert shown.count(text) == 2, "once live and once staged"
        assert page.evaluate("window.owned") is None
        assert page.locator("main script, main iframe, main img, main svg, main form[action^='http']").count() == 0


def test_a_value_is_text_where_it_waits_and_beside_another_app(
    browser: Any, written: Paas, installation: Installation, ada: Paas
) -> None:
    app, other = written.environment["PAAS_APP"], installation.new_app(ada, instances=0).environment["PAAS_APP"]
    with window(browser, written, page=f"apps/{app}/staged") as opened:
        page = opened.page
        assert sorted(page.locator("main ins").all_text_contents()) == sorted(PAYLOADS)
        opened.open(f"apps/{other}/compare?with={app}")
        assert sorted(page.locator("main td code").all_text_contents()) == sorted(PAYLOADS)
        assert page.evaluate("window.owned") is None
        assert page.locator("main script, main iframe, main img, main svg, main form[action^='http']").count() == 0


def test_what_a_form_says_again_is_text(browser: Any, written: Paas) -> None:
    with window(browser, written) as opened:
        page = opened.page
        for text in PAYLOADS:
            opened.open("account/trusts/new?ci=other")
            page.get_by_label("Name", exact=True).fill("refused")
            page.get_by_label("Issuer").fill("not an address")
            for field in ("Subject", "Claims", "Audience"):
                page.get_by_label(field).fill(text)
            page.get_by_role("button", name="Make the trust").click()
            page.get_by_role("alert").wait_for()
            assert page.get_by_label("Claims").input_value() == text
            assert page.evaluate("window.owned") is None
            assert page.locator("main script, main iframe, main img, main svg").count() == 0


def test_what_is_pasted_is_text(browser: Any, written: Paas) -> None:
    app = written.environment["PAAS_APP"]
    with window(browser, written, page=f"apps/{app}") as opened:
        page = opened.page
        lines = [f'NEW_{index}="{_escaped(text)}"' for index, text in enumerate(PAYLOADS)]
        page.get_by_label("Paste a .env").fill("\n".join(lines))
        page.get_by_role("button", name="Review changes").click()
        page.wait_for_url("**/pending")
        assert page.locator("ins").all_text_contents() == list(PAYLOADS)
        assert page.evaluate("window.owned") is None


@pytest.mark.parametrize("field", ["app", "name", "actor", "action", "since", "outcome", "page"])
def test_what_an_address_says_is_text(browser: Any, written: Paas, field: str) -> None:
    with window(browser, written) as opened:
        for text in PAYLOADS:
            opened.page.goto(f"{opened.origin}/runtime/dashboard/account/audit?{_query(field, text)}")
            assert opened.page.evaluate("window.owned") is None
            assert opened.page.locator("main script, main iframe, main img, main svg").count() == 0


@pytest.mark.parametrize("field", ["token", "person", "since", "app"])
def test_what_an_incident_is_about_is_text(browser: Any, written: Paas, field: str) -> None:
    with window(browser, written) as opened:
        for text in PAYLOADS:
            opened.page.goto(f"{opened.origin}/runtime/dashboard/account/incident?{_query(field, text)}")
            assert opened.page.evaluate("window.owned") is None
            assert opened.page.locator("main script, main iframe, main img, main svg").count() == 0


def test_what_a_path_says_is_text(browser: Any, written: Paas) -> None:
    with window(browser, written) as opened:
        # A slash that is written otherwise never comes as far as the dashboard: the gateway refuses the request.
        for text in (text for text in PAYLOADS if "/" not in text):
            opened.page.goto(f"{opened.origin}/runtime/dashboard/apps/{_quoted(text)}")
            assert opened.page.evaluate("window.owned") is None


def test_what_tools_wrote_is_text_in_the_log(browser: Any, installation: Installation, written: Paas) -> None:
    for text in PAYLOADS[:12]:
        written("secrets:get", f"X_{PAYLOADS.index(text)}")
    with window(browser, written, page=f"account/audit?app={written.environment['PAAS_APP']}") as opened:
        assert opened.page.evaluate("window.owned") is None


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _query(field: str, text: str) -> str:
    from urllib.parse import urlencode

    return urlencode({field: text})


def _quoted(text: str) -> str:
    from urllib.parse import quote

    return quote(text, safe="")

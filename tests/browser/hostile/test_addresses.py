"""Hostile addresses: what is asked for by a link that somebody sends, in the path and in the query."""

from typing import Any
from urllib.parse import quote, urlencode

import pytest

from tests.browser.hostile.addresses import ASKED
from tests.browser.hostile.payloads import BROKEN, TEXTS
from tests.browser.hostile.watching import is_text, wary
from tests.browser.visits import PAGES
from tests.e2e.installation import Paas


@pytest.mark.parametrize("path", ASKED)
def test_what_a_query_says_is_text(browser: Any, full: Paas, path: str) -> None:
    page = path.format(app=full.environment["PAAS_APP"], group=full.environment["A_GROUP"])
    with wary(browser, full) as opened:
        for fields in ASKED[path]:
            for text in TEXTS:
                opened.open(f"{page}?{urlencode(dict.fromkeys(fields, text))}")
                assert is_text(opened)
            for broken in BROKEN:
                opened.open(f"{page}?{'&'.join(f'{field}={broken}' for field in fields)}")
                assert is_text(opened)


def test_what_a_path_says_is_text(browser: Any, full: Paas) -> None:
    app, group = full.environment["PAAS_APP"], full.environment["A_GROUP"]
    with wary(browser, full) as opened:
        # A slash that is written otherwise never comes as far as the dashboard: the gateway refuses the request.
        for text in (*(quote(text, safe="") for text in TEXTS if "/" not in text), *BROKEN[-1:]):
            for path in (f"apps/{text}", f"apps/{app}/secrets/{text}", f"groups/{text}", f"groups/{group}/{text}"):
                opened.page.goto(f"{opened.origin}{PAGES}{path}")
                assert opened.page.evaluate("window.__hit") is None
                assert opened.noticed == []

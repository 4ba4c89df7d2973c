"""What is counted of pages: by a page's own name, never by an address, and how each ended."""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.testclient import TestClient

from dashboard.pages.routes import page_routes
from dashboard.web.measured import Measured, page_name
from paaskit import metrics


async def shown(_: Request) -> Response:
    return PlainTextResponse("shown", 201)


async def broken(_: Request) -> Response:
    raise ValueError


def _counted(*paths: str) -> dict[tuple[str, str], float]:
    """What these requests added, by page and status."""
    routes = [Route("/apps/{app}", shown), Route("/broken", broken)]
    client = TestClient(Measured(Starlette(routes=[Mount("/pages", routes=routes)])), raise_server_exceptions=False)
    before = _now()
    for path in paths:
        client.get(path)
    return {labels: count - before.get(labels, 0) for labels, count in _now().items() if count != before.get(labels)}


def _now() -> dict[tuple[str, str], float]:
    (family,) = metrics.PAGES.collect()
    samples = [each for each in family.samples if each.name.endswith("_total")]
    return {(each.labels["page"], each.labels["code"]): each.value for each in samples}


def test_pages_are_counted_by_their_own_names() -> None:
    assert _counted("/pages/apps/web", "/pages/apps/other", "/pages/broken") == {
        ("test_measured.shown", "201"): 2,
        ("test_measured.broken", "500"): 1,
    }


def test_what_comes_to_no_page_has_no_name_of_its_own() -> None:
    assert _counted("/pages/secret-word", "/elsewhere") == {("none", "404"): 2}


def test_every_page_has_another_name() -> None:
    """An app's and a group's that are one function count as one page."""
    pages = {vars(each.endpoint)["page"] for each in page_routes()}
    names = {page_name({"endpoint": each.endpoint}) for each in page_routes()}
    assert len(names) == len(pages)

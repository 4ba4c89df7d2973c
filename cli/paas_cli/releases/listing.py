"""Releases of an app, newest first, page by page."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from paas_cli.session import Session

if TYPE_CHECKING:
    from paas.releaser.v1.releaser_pb2 import Release

_PAGE = 100  # the most the service gives at once


def newest_first(session: Session, *, most: int = _PAGE) -> "Iterator[Release]":
    """Every release; `most` is how many are likely to be looked at. Raises Failure."""
    from paas.releaser.v1 import releaser_pb2

    request = releaser_pb2.ListReleasesRequest(app=session.app, page_size=min(most, _PAGE))
    while True:
        answer = session.read(
            "/paas.releaser.v1.ReleaserService/ListReleases", request, releaser_pb2.ListReleasesResponse
        )
        yield from answer.releases
        if not answer.next_page_token:
            return
        request.page_token = answer.next_page_token

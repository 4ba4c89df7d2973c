"""Lists that come page by page, as one iterable."""

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from google.protobuf.message import Message

if TYPE_CHECKING:
    from paas_client.calls import Calls

Item = TypeVar("Item")
Page = TypeVar("Page", bound=Message)


class Listing(Generic[Item, Page]):
    """What is listed. Pages are asked for as one gets to them, and anew each time it is iterated over.

    Iterating raises PaasError.
    """

    def __init__(
        self,
        calls: "Calls",
        path: str,
        request: Message,
        answer: type[Page],
        *,
        items: Callable[[Page], Iterable[Item]],
        timeout: float | None,
    ) -> None:
        self._calls = calls
        self._path = path
        self._request = request
        self._answer = answer
        self._items = items
        self._timeout = timeout

    def __iter__(self) -> Iterator[Item]:
        for page in self.pages():
            yield from self._items(page)

    def pages(self) -> Iterator[Page]:
        """The answers, page by page, for what they have beside what is listed: `etag`, `staged`."""
        request: Any = type(self._request)()
        request.CopyFrom(self._request)
        while True:
            page: Any = self._calls.unary(self._path, request, self._answer, repeatable=True, timeout=self._timeout)
            yield page
            if not page.next_page_token:
                return
            request.page_token = page.next_page_token

"""Work done by a few threads, with its results in order and no more of it begun than is soon asked for."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

AT_ONCE = 4


def spread(work: Callable[[int], int], numbers: Iterable[int]) -> Iterator[int]:
    """Give the result for each number, in their order. Raises what `work` raises, once it is that number's turn."""
    begun: deque[Future[int]] = deque()
    with ThreadPoolExecutor(AT_ONCE) as threads:
        try:
            for number in numbers:
                begun.append(threads.submit(work, number))
                if len(begun) == 2 * AT_ONCE:
                    yield begun.popleft().result()
            while begun:
                yield begun.popleft().result()
        finally:
            for each in begun:
                each.cancel()

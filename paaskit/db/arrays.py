"""Lists as PostgreSQL's arrays, in a fifth of the time that psycopg's own way of writing them takes.

Most of our statements take a row per change, as one array per column (`unnest`), so writing arrays was a tenth of what
a change cost. psycopg looks at the items of each list twice to find the type of the array, and then at each item's
bytes for whether it needs quotes. Here every item is in quotes, and which type the array has is for the statement to
say, with a cast or by what it is compared with; so a statement is one prepared statement, too, whatever it is given.
"""

from collections.abc import Callable
from typing import Any, Final

import psycopg
from psycopg.abc import AdaptContext, DumperKey
from psycopg.adapt import AdaptersMap, PyFormat
from psycopg.types.array import BaseListDumper, ListDumper


class ArrayDumper(ListDumper):
    """Writes a list of texts, numbers, bytes, dates or None. Lists in lists are not for it."""

    def get_key(self, obj: list[Any], format: PyFormat) -> DumperKey:  # noqa: A002, ARG002  # as psycopg calls it
        """One way of writing for all lists."""
        return self.cls

    def upgrade(self, obj: list[Any], format: PyFormat) -> BaseListDumper:  # noqa: A002, ARG002  # as psycopg calls it
        """The same."""
        return self

    def dump(self, obj: list[Any]) -> bytes:
        """Return the array in PostgreSQL's notation. Raises DataError for what it can't hold."""
        items = [(_WRITERS.get(type(item)) or self._write_other)(item) for item in obj]
        return f"{{{','.join(items)}}}".encode()

    def _write_other(self, item: Any) -> str:
        if isinstance(item, list):
            raise psycopg.DataError("A list in a list can't be written as an array.")
        return _text(bytes(self._dump_item(item) or b"").decode())


def _text(text: str) -> str:
    if "\0" in text:
        # The notation ends there: what follows would be lost.
        raise psycopg.DataError("PostgreSQL text fields cannot contain NUL (0x00) bytes")  # as psycopg says it
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


_WRITERS: Final[dict[type, Callable[[Any], str]]] = {
    str: _text,
    int: str,
    bool: lambda item: "t" if item else "f",
    bytes: lambda item: f'"\\\\x{item.hex()}"',
    type(None): lambda _: "NULL",
}


def _adapters() -> AdaptContext:
    ours = AdaptersMap(psycopg.adapters)
    ours.register_dumper(list, ArrayDumper)
    return ours


ADAPTERS: Final = _adapters()
"""How values travel on our connections: as psycopg has it, but for lists."""

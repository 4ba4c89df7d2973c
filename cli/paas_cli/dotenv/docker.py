"""The format of `docker run --env-file`: raw `NAME=value` lines, without quotes or escapes.

Docker reads line by line (a line of 64 KiB or more is an error to it) and drops a carriage return at the end of
one, so such values can't be written. Must not write what would be read as something else.
"""

from collections.abc import Mapping

from paas_cli.dotenv.found import Collector, Found
from paas_cli.errors import Failure
from paas_cli.typed.names import NAME

_MAX_LINE_BYTES = 64 * 1024 - 1


def write(values: Mapping[str, str]) -> str:
    """The file's text. Raises Failure naming the variables it can't hold."""
    faults = [f"{name} {fault}" for name, value in values.items() if (fault := _fault(name, value))]
    if faults:
        raise Failure(f"The docker format can't hold these values: {'; '.join(faults)}; use another --format.")
    return "".join(f"{name}={value}\n" for name, value in values.items())


def _fault(name: str, value: str) -> str | None:
    if "\n" in value:
        return "has several lines"
    if value.endswith("\r"):
        return "ends with a carriage return"
    if len(f"{name}={value}".encode()) > _MAX_LINE_BYTES:
        return "is too long for one line"
    return None


def read(text: str, *, source: str) -> Found:
    """The variables of such a file. Raises Failure naming the lines that can't be read."""
    collector = Collector(source)
    for number, raw in enumerate(text.removeprefix("\ufeff").split("\n"), 1):
        line = raw.removesuffix("\r").lstrip()
        if not line or line.startswith("#"):
            continue
        name, equals, value = line.partition("=")
        if equals and NAME.fullmatch(name):
            collector.add(name, value, line=number)
        else:
            collector.fault(number, "is not NAME=value")
    return collector.found()

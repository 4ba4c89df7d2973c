"""Write variables so that as many readers as possible read the same value back.

Readers: our own import, npm's dotenv, python-dotenv, godotenv, Docker Compose and `sh`. No form suits all of them for
every value, so each value gets the form that the fewest misread. `docs/dotenv.md` shows it value by value.
"""

from collections.abc import Mapping

from paas_cli.dotenv.misreadings import READERS, misreaders
from paas_cli.dotenv.quoting import Form, possible, written


def form_of(value: str) -> Form:
    """How a .env file has it: of several that are as good, the first."""
    return min(possible(value), key=lambda form: len(misreaders(form, value)))


def dotenv(values: Mapping[str, str]) -> str:
    """The text of a .env file."""
    return "".join(f"{name}={written(form_of(value), value)}\n" for name, value in values.items())


def misread_in_dotenv(values: Mapping[str, str]) -> dict[str, list[str]]:
    """By reader of a .env file, the names whose values it would read as others; who reads all right is left out."""
    found: dict[str, list[str]] = {reader: [] for reader in READERS}
    for name, value in values.items():
        for reader in misreaders(form_of(value), value):
            found[reader].append(name)
    return {reader: names for reader, names in found.items() if names}


def shell(values: Mapping[str, str]) -> str:
    """Lines for `.` in any POSIX shell: single quotes, which nothing in a value can leave."""
    return "".join(f"export {name}={_single_quoted(value)}\n" for name, value in values.items())


def _single_quoted(value: str) -> str:
    return "'" + value.replace("'", "'\\''") + "'"

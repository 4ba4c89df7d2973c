"""One JSON object of texts. Must not quote the file in an error."""

import json
from collections.abc import Mapping

from paas_cli.dotenv.found import Found
from paas_cli.errors import Failure
from paas_cli.typed.names import NAME


def write(values: Mapping[str, str]) -> str:
    """The object, one variable a line."""
    return json.dumps(dict(values), ensure_ascii=False, indent=2) + "\n"


def read(text: str, *, source: str) -> Found:
    """The variables of such a file. Raises Failure where it is anything else."""
    repeated: list[str] = []

    def once(pairs: list[tuple[str, object]]) -> dict[str, object]:
        table: dict[str, object] = {}
        for name, value in pairs:
            if name in table:
                repeated.append(name)
            table[name] = value
        return table

    try:
        table = json.loads(text.removeprefix("\ufeff"), object_pairs_hook=once)
    except json.JSONDecodeError as error:
        raise Failure(f"Nothing was imported from {source}: line {error.lineno} is not JSON.") from None
    except ValueError:  # a number of thousands of digits
        raise Failure(f"Nothing was imported from {source}: it is not a JSON object of texts.") from None
    except RecursionError:
        raise Failure(f"Nothing was imported from {source}: it is nested too deeply.") from None
    if not isinstance(table, dict):
        raise Failure(f"Nothing was imported from {source}: it is not a JSON object of texts.")
    odd = [name if NAME.fullmatch(name) else "a name" for name, value in table.items() if not isinstance(value, str)]
    if odd:
        raise Failure(f"Nothing was imported from {source}: {', '.join(odd)} must have text in quotes as value.")
    shown = [name for name in repeated if name in table and NAME.fullmatch(name)]
    return Found(table, [f"{name} is there more than once; the last value counts." for name in dict.fromkeys(shown)])

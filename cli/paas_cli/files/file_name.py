"""Names from elsewhere as parts of the names of files."""

import re

_PLAIN = re.compile(r"[^A-Za-z0-9.-]")


def escaped(text: str) -> str:
    """`text` as part of a file's name, so that no two texts give the same."""
    return _PLAIN.sub(
        lambda found: "".join(f"_{byte:02x}" for byte in found.group().encode("utf-8", "surrogatepass")), text
    )

"""`python -m protos.client [OUT]`: write services and reference below OUT (default: the repository)."""

import sys
from pathlib import Path

from protos.client.modules import FOLDER, files
from protos.client.reference import REFERENCE, document
from protos.generate import PROTOS

if __name__ == "__main__":
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else PROTOS.parent
    made = {**files(), REFERENCE: document()}
    for path, text in made.items():
        (out / path).parent.mkdir(parents=True, exist_ok=True)
        (out / path).write_text(text, encoding="utf-8")
    # A service that is no more has no module, and one that is a package has none beside it.
    for kept in (out / FOLDER).rglob("*.py"):
        if kept.relative_to(out).as_posix() not in made:
            kept.unlink()

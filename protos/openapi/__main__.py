"""`python -m protos.openapi [OUT]`: write the document to OUT (default: `gen/openapi.json`)."""

import json
import sys
from pathlib import Path

from protos.generate import PROTOS
from protos.openapi.document import document

if __name__ == "__main__":
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else PROTOS.parent / "gen" / "openapi.json"
    out.write_text(json.dumps(document(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")

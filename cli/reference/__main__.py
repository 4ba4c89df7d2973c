"""`python -m reference [OUT]`: write both below OUT (default: the folder `cli`). What it writes is committed."""

import sys
from pathlib import Path

from reference import completion_table, man_page

HERE = Path(__file__).resolve().parent.parent
WRITTEN = {
    "paas_cli/completion/table.tsv": completion_table.text,
    "share/man/man1/paas.1": man_page.text,
}

if __name__ == "__main__":
    for name, text in WRITTEN.items():
        target = (Path(sys.argv[1]) if len(sys.argv) > 1 else HERE) / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text(), encoding="utf-8")

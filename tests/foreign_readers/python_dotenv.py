"""Takes texts as a JSON array and answers with what python-dotenv makes of each: an object of values, or null."""

import json
import logging
import sys
import tempfile
from pathlib import Path

import dotenv

logging.disable(logging.CRITICAL)
answers: list[dict[str, str | None] | None] = []
with tempfile.TemporaryDirectory() as folder:
    file = Path(folder) / ".env"
    for text in json.load(sys.stdin):
        # From a file, as everybody has it read: a carriage return in it is a line break then.
        file.write_bytes(text.encode())
        answers.append(dict(dotenv.dotenv_values(file)))
json.dump(answers, sys.stdout)

"""Serve until Ctrl-C: `python -m tests.fakes.platform`, for looking at the command line by hand."""

import sys
import threading

from tests.fakes.gateway import TOKEN
from tests.fakes.platform import running

platform = running()
platform.pause = 0.4
platform.apps["web"].vars |= {"NODE_ENV": "production", "LOG_LEVEL": "info", "API_BASE_URL": "https://api.example.com"}
platform.apps["web"].managed["DATABASE_URL"] = "postgres://..."
sys.stdout.write(f"export PAAS_GATEWAY={platform.gateway.address} PAAS_TOKEN={TOKEN} PAAS_APP=web\n")
sys.stdout.flush()
threading.Event().wait()

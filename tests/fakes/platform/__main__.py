"""Serve until Ctrl-C: `python -m tests.fakes.platform`, for looking at the command line by hand."""

import sys
import threading

from paas.config.v1 import config_pb2

from tests.fakes.gateway import TOKEN
from tests.fakes.platform import App, running

platform = running()
platform.pause = 0.4
web = platform.apps["web"]
web.vars |= {"NODE_ENV": "production", "LOG_LEVEL": "info", "API_BASE_URL": "https://api.example.com"}
web.secrets["STRIPE_API_KEY"] = "kept in the open"
web.managed["DATABASE_URL"] = "postgres://..."
for name, value in (("LOG_LEVEL", "debug"), ("NODE_ENV", None), ("FEATURE_CHECKOUT_V2", "on")):
    web.config.stage(name, value)
web.sealed.stage("STRIPE_API_KEY", "newer")
web.vars["LOG_LEVEL"] = "warning"
web.staged_spec = config_pb2.AppSpec(command=["python", "server.py", "--threads", "8"], instances=4)
shared = platform.add_group("shared", LOG_LEVEL="info", REGION="eu-central-1")
shared.secrets["SENTRY_DSN"] = "kept in the open"
web.spec.groups.append("shared")
for name in ("api", "admin"):
    platform.apps[name] = App(config_pb2.AppSpec(command=["python", f"{name}.py"], instances=1, groups=["shared"]))
sys.stdout.write(f"export PAAS_GATEWAY={platform.gateway.address} PAAS_TOKEN={TOKEN} PAAS_APP=web\n")
sys.stdout.flush()
threading.Event().wait()

"""A group that three apps have, one of them with a value of its own."""

import pytest
from paas.config.v1 import config_pb2

from tests.fakes.platform import App, Platform

SECRET = "c4n4ry-of-the-group"


@pytest.fixture
def shared(signed_in: Platform) -> Platform:
    """`shared` with two config vars and a secret; `web` has LOG_LEVEL itself, `admin` and `api` nothing."""
    group = signed_in.add_group("shared", LOG_LEVEL="info", REGION="eu-central-1")
    group.secrets["SENTRY_DSN"] = SECRET
    web = signed_in.apps["web"]
    web.vars |= {"LOG_LEVEL": "debug", "NODE_ENV": "production"}
    web.secrets["STRIPE_API_KEY"] = "c4n4ry-of-web"
    web.spec.groups.append("shared")
    for name in ("admin", "api"):
        spec = config_pb2.AppSpec(command=["python", f"{name}.py"], instances=1, groups=["shared"])
        signed_in.apps[name] = App(spec)
    return signed_in

"""Asking config which app a name stands for."""

import grpc
from paas.config.v1 import config_pb2, config_pb2_grpc

from paaskit.channels import call
from services.tokens.scopes import ResolveApp


def resolver(config_channel: grpc.aio.Channel) -> ResolveApp:
    """Return how apps are resolved: config is asked, on behalf of the user of the current request."""
    stub = config_pb2_grpc.ConfigInternalServiceStub(config_channel)

    async def resolve(tenant: str, name: str) -> str:
        request = config_pb2.ResolveAppRequest(tenant=tenant, app=name)
        return (await call(stub.ResolveApp, request, service="config")).app_id

    return resolve

"""config's registry of apps and names as secrets sees it: in memory, on a real channel, away or slow at will."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from grpc_status import rpc_status
from paas.config.v1 import config_pb2, config_pb2_grpc

from paaskit.clock import random_id
from paaskit.errors import LimitExceeded, NotFound, PaasError, Refused, Unavailable, app_not_found
from paaskit.gate import encode_error


@dataclass(frozen=True)
class Name:
    """A registered name. `kind` is config, secret or managed, or leaving: a config var that is staged to be unset.

    A secret is held under a claim.
    """

    kind: str
    claim_id: str = ""
    size: int = 0


class FakeRegistry(config_pb2_grpc.ConfigInternalServiceServicer):
    """Implements what secrets calls of ConfigInternalService.

    `down` has it answer that it is away; `loses_answers` has it claim names and then say so. While `open` is not set,
    claims wait. `asked` has the names of each ClaimNames that took effect, `freed` those given up. `used` are names
    that an app has of its shared group, and `checked` those that were asked about. `groups` are ids of groups.
    """

    def __init__(self) -> None:
        self.apps: dict[tuple[str, str], str] = {}
        self.names: dict[tuple[str, str], Name] = {}
        self.versions: dict[str, int] = {}
        self.most_bytes = 512 * 1024
        self.down = False
        self.loses_answers = False
        self.open = asyncio.Event()
        self.open.set()
        self.waiting = 0
        self.asked: list[list[str]] = []
        self.freed: list[tuple[str, str]] = []
        self.groups: set[str] = set()
        self.used: set[str] = set()
        self.checked: list[list[str]] = []

    def add_app(self, name: str = "web", *, tenant: str = "acme") -> str:
        """Register an app; returns its id."""
        app_id = random_id()
        self.apps[tenant, name] = app_id
        self.versions[app_id] = 1
        return app_id

    def remove_app(self, name: str = "web", *, tenant: str = "acme") -> None:
        """Forget an app and its names."""
        app_id = self.apps.pop((tenant, name))
        del self.versions[app_id]
        self.names = {key: value for key, value in self.names.items() if key[0] != app_id}

    def take(self, app_id: str, name: str, kind: str = "config") -> None:
        """Have a name be something."""
        self.names[app_id, name] = Name(kind)

    def secrets(self, app_id: str) -> list[str]:
        """The names that are secrets."""
        return sorted(name for (app, name), each in self.names.items() if app == app_id and each.kind == "secret")

    async def ResolveApp(self, request: config_pb2.ResolveAppRequest, context: Any) -> Any:
        async def work() -> config_pb2.ResolveAppResponse:
            app_id = self.apps.get((request.tenant, request.app))
            if app_id is None:
                raise app_not_found(request.app)
            return config_pb2.ResolveAppResponse(app_id=app_id)

        return await self._answer(work, context)

    async def ClaimNames(self, request: config_pb2.ClaimNamesRequest, context: Any) -> Any:
        async def work() -> config_pb2.ClaimNamesResponse:
            self.waiting += 1
            await self.open.wait()
            self.waiting -= 1
            return self._claim(request)

        return await self._answer(work, context, loses=self.loses_answers)

    async def CheckNamesUnused(self, request: config_pb2.CheckNamesUnusedRequest, context: Any) -> Any:
        async def work() -> config_pb2.CheckNamesUnusedResponse:
            self.checked.append(list(request.names))
            used = sorted(self.used & set(request.names))
            if used:
                raise Refused(f"{', '.join(used)}: from shared in web.", reason="GROUP_NAME_IN_USE")
            return config_pb2.CheckNamesUnusedResponse()

        return await self._answer(work, context)

    async def ReleaseNames(self, request: config_pb2.ReleaseNamesRequest, context: Any) -> Any:
        async def work() -> config_pb2.ReleaseNamesResponse:
            if request.app_id not in self.versions:
                raise NotFound("There is no app of this id.")
            for held in request.names:
                name = self.names.get((request.app_id, held.name))
                if name is not None and (name.kind, name.claim_id) == ("secret", held.claim_id):
                    del self.names[request.app_id, held.name]
                    self.versions[request.app_id] += 1
                    self.freed.append((request.app_id, held.name))
            return config_pb2.ReleaseNamesResponse()

        return await self._answer(work, context)

    def _claim(self, request: config_pb2.ClaimNamesRequest) -> config_pb2.ClaimNamesResponse:
        if request.app_id not in self.versions:
            raise NotFound("There is no app of this id.")
        kinds = {each.name: self._kind(request.app_id, each.name) for each in request.claims}
        going = [name for name, kind in kinds.items() if kind == "leaving" and request.leaving]
        taken = [name for name, kind in kinds.items() if kind not in {"", "secret"} and name not in going]
        if taken and not request.skip_taken:
            raise Refused(f"{', '.join(taken)}: a config var. `paas secrets:seal {taken[0]}` makes it a secret.")
        granted = [each for each in request.claims if each.name not in (*taken, *going)]
        self._check_bytes(request.app_id, granted)
        if request.validate_only:
            return config_pb2.ClaimNamesResponse(taken=taken, is_group=request.app_id in self.groups)
        assert request.claim_id, "names are claimed under an id"
        self.versions[request.app_id] += any(not kinds[each.name] for each in granted)
        for each in granted:
            self.names[request.app_id, each.name] = Name("secret", request.claim_id, each.size)
        self.asked.append([each.name for each in granted])
        version, is_group = self.versions[request.app_id], request.app_id in self.groups
        return config_pb2.ClaimNamesResponse(version=version, taken=taken, is_group=is_group)

    def _kind(self, app_id: str, name: str) -> str:
        return self.names.get((app_id, name), Name("")).kind

    def _check_bytes(self, app_id: str, granted: Sequence[config_pb2.Claim]) -> None:
        sizes = {name: each.size for (app, name), each in self.names.items() if app == app_id}
        if sum((sizes | {each.name: each.size for each in granted}).values()) > self.most_bytes:
            raise LimitExceeded("That would be more than an app may have.")

    async def _answer(self, work: Any, context: Any, *, loses: bool = False) -> Any:
        try:
            if self.down:
                raise Unavailable("down")
            answer = await work()
            if loses:
                raise Unavailable("lost")
            return answer
        except PaasError as error:
            status = rpc_status.to_status(encode_error(error))
        return await context.abort_with_status(status)


def fake_registry() -> FakeRegistry:
    """A registry without apps."""
    return FakeRegistry()  # type: ignore[abstract]  # what others call of it, secrets does not

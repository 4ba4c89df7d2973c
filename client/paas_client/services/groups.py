"""Calls of GroupsService.

Generated from the contracts by `make gen`; don't edit it.
"""

from __future__ import annotations

from paas.config.v1 import groups_pb2

from paas_client.calls import Calls
from paas_client.listing import Listing
from paas_client.requests import built


class GroupsService:
    """What users call, through the gateway."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def create_group(
        self, *, group: str, request_id: str | None = None, timeout: float | None = None
    ) -> groups_pb2.CreateGroupResponse:
        """Makes a group, which holds nothing yet. Its name is of the same kind as an app's, and neither is taken
        twice.

        Needs the permission `apps.write`. Raises PaasError.

        - `group`: Required. The new group's name.
        - `request_id`: Optional. Chosen by you, to send the same again where the outcome is not known: it has its
          effect once. Made where it is left out, and kept over retries; an error has it.
        - `timeout`: Optional. Seconds for each try; the client's where it is left out.
        """
        request = built(groups_pb2.CreateGroupRequest, group=group, request_id=self._calls.request_id(request_id))
        return self._calls.unary(
            "/paas.config.v1.GroupsService/CreateGroup",
            request,
            groups_pb2.CreateGroupResponse,
            repeatable=True,
            timeout=timeout,
        )

    def get_group(self, *, group: str, timeout: float | None = None) -> groups_pb2.GetGroupResponse:
        """Reads one group, and which apps have it. NOT_FOUND for one that is absent or of another tenant, in the same
        words, and with the reason NOT_A_GROUP for an app.

        Needs the permission `apps.read`. Raises PaasError.

        - `group`: Required.
        - `timeout`: Optional. Seconds for each try; the client's where it is left out.
        """
        request = built(groups_pb2.GetGroupRequest, group=group)
        return self._calls.unary(
            "/paas.config.v1.GroupsService/GetGroup",
            request,
            groups_pb2.GetGroupResponse,
            repeatable=True,
            timeout=timeout,
        )

    def list_groups(
        self, *, page_size: int = 0, timeout: float | None = None
    ) -> Listing[groups_pb2.Group, groups_pb2.ListGroupsResponse]:
        """Lists the tenant's groups by name; a token limited to some apps sees those among them.

        Needs the permission `apps.read`. Raises PaasError.

        - `page_size`: Optional. At most 500, which is also the default.
        - `timeout`: Optional. Seconds for each try; the client's where it is left out.
        """
        request = built(groups_pb2.ListGroupsRequest, page_size=page_size)
        return Listing(
            self._calls,
            "/paas.config.v1.GroupsService/ListGroups",
            request,
            groups_pb2.ListGroupsResponse,
            items=lambda page: page.groups,
            timeout=timeout,
        )

    def destroy_group(
        self, *, group: str, request_id: str | None = None, timeout: float | None = None
    ) -> groups_pb2.DestroyGroupResponse:
        """Destroys a group with its variables and secrets. Refused with FAILED_PRECONDITION and the reason
        GROUP_IN_USE while an app has it.

        Needs the permission `apps.write`. Raises PaasError.

        - `group`: Required.
        - `request_id`: Optional. Chosen by you, to send the same again where the outcome is not known: it has its
          effect once. Made where it is left out, and kept over retries; an error has it.
        - `timeout`: Optional. Seconds for each try; the client's where it is left out.
        """
        request = built(groups_pb2.DestroyGroupRequest, group=group, request_id=self._calls.request_id(request_id))
        return self._calls.unary(
            "/paas.config.v1.GroupsService/DestroyGroup",
            request,
            groups_pb2.DestroyGroupResponse,
            repeatable=True,
            timeout=timeout,
        )

    def attach_group(
        self,
        *,
        app: str,
        group: str,
        stage: bool = False,
        validate_only: bool = False,
        request_id: str | None = None,
        timeout: float | None = None,
    ) -> groups_pb2.AttachGroupResponse:
        """Attaches a group to an app, behind the groups it has already, and requests one release of the app. The
        caller has to see both. Refused with FAILED_PRECONDITION: a group in place of the app (reason
        GROUP_IN_GROUP: a group holds no group, so that none holds itself), and a name that another group of the app
        has as well (GROUP_NAME_COLLIDES).

        Needs the permission `apps.write`. Raises PaasError.

        - `app`: Required.
        - `group`: Required.
        - `stage`: Optional. Put the change into the app's draft, as one of what the app runs, instead of releasing
          it.
        - `validate_only`: Optional. Say what would change, and change nothing.
        - `request_id`: Optional. Chosen by you, to send the same again where the outcome is not known: it has its
          effect once. Made where it is left out, and kept over retries; an error has it.
        - `timeout`: Optional. Seconds for each try; the client's where it is left out.
        """
        request = built(
            groups_pb2.AttachGroupRequest,
            app=app,
            group=group,
            stage=stage,
            validate_only=validate_only,
            request_id=self._calls.request_id(request_id),
        )
        return self._calls.unary(
            "/paas.config.v1.GroupsService/AttachGroup",
            request,
            groups_pb2.AttachGroupResponse,
            repeatable=True,
            timeout=timeout,
        )

    def detach_group(
        self,
        *,
        app: str,
        group: str,
        stage: bool = False,
        validate_only: bool = False,
        request_id: str | None = None,
        timeout: float | None = None,
    ) -> groups_pb2.DetachGroupResponse:
        """Detaches a group from an app, and requests one release of the app.

        Needs the permission `apps.write`. Raises PaasError.

        - `app`: Required.
        - `group`: Required.
        - `stage`: Optional. Put the change into the app's draft, as one of what the app runs, instead of releasing
          it.
        - `validate_only`: Optional. Say what would change, and change nothing.
        - `request_id`: Optional. Chosen by you, to send the same again where the outcome is not known: it has its
          effect once. Made where it is left out, and kept over retries; an error has it.
        - `timeout`: Optional. Seconds for each try; the client's where it is left out.
        """
        request = built(
            groups_pb2.DetachGroupRequest,
            app=app,
            group=group,
            stage=stage,
            validate_only=validate_only,
            request_id=self._calls.request_id(request_id),
        )
        return self._calls.unary(
            "/paas.config.v1.GroupsService/DetachGroup",
            request,
            groups_pb2.DetachGroupResponse,
            repeatable=True,
            timeout=timeout,
        )

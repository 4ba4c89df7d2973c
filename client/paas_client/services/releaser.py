"""Calls of ReleaserService.

Generated from the contracts by `make gen`; don't edit it.
"""

from __future__ import annotations

from collections.abc import Generator

from paas.releaser.v1 import releaser_pb2

from paas_client.calls import Calls
from paas_client.listing import Listing
from paas_client.requests import built


class ReleaserService:
    """What users call, through the gateway."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def list_releases(
        self, *, app: str, page_size: int = 0, timeout: float | None = None
    ) -> Listing[releaser_pb2.Release, releaser_pb2.ListReleasesResponse]:
        """Lists an app's releases, newest first.

        Needs the permission `releases.read`. Raises PaasError.

        - `app`: Required.
        - `page_size`: Optional. At most 100; 0 is 20.
        - `timeout`: Optional. Seconds for each try; the client's where it is left out.
        """
        request = built(releaser_pb2.ListReleasesRequest, app=app, page_size=page_size)
        return Listing(
            self._calls,
            "/paas.releaser.v1.ReleaserService/ListReleases",
            request,
            releaser_pb2.ListReleasesResponse,
            items=lambda page: page.releases,
            timeout=timeout,
        )

    def get_release(self, *, app: str, number: int, timeout: float | None = None) -> releaser_pb2.GetReleaseResponse:
        """Reads one release.

        Needs the permission `releases.read`. Raises PaasError.

        - `app`: Required.
        - `number`: Required.
        - `timeout`: Optional. Seconds for each try; the client's where it is left out.
        """
        request = built(releaser_pb2.GetReleaseRequest, app=app, number=number)
        return self._calls.unary(
            "/paas.releaser.v1.ReleaserService/GetRelease",
            request,
            releaser_pb2.GetReleaseResponse,
            repeatable=True,
            timeout=timeout,
        )

    def watch_release(
        self, *, app: str, number: int, idle: float = 600.0
    ) -> Generator[releaser_pb2.WatchReleaseResponse, None, None]:
        """Sends a release as it is now and then at each change, until it has ended.

        Needs the permission `releases.read`. Raises PaasError.

        - `app`: Required.
        - `number`: Required.
        - `idle`: Optional. The most seconds between two answers.
        """
        request = built(releaser_pb2.WatchReleaseRequest, app=app, number=number)
        return self._calls.stream(
            "/paas.releaser.v1.ReleaserService/WatchRelease", request, releaser_pb2.WatchReleaseResponse, idle=idle
        )

    def create_release(
        self,
        *,
        app: str,
        validate_only: bool = False,
        replace_newer: bool = False,
        leave_draft: bool = False,
        request_id: str | None = None,
        timeout: float | None = None,
    ) -> releaser_pb2.CreateReleaseResponse:
        """Releases the app's draft, config and secrets together; restarts the app if nothing is staged.

        Needs the permission `releases.write`. Raises PaasError.

        - `app`: Required.
        - `validate_only`: Optional. Say what would be released, and change nothing.
        - `replace_newer`: Optional. Release staged values although the live ones were changed since; else that is
          refused with FAILED_PRECONDITION and the reason DRAFT_REPLACES_NEWER.
        - `leave_draft`: Optional. Restart with what is live, and leave what is staged as it is.
        - `request_id`: Optional. Chosen by you, to send the same again where the outcome is not known: it has its
          effect once. Made where it is left out, and kept over retries; an error has it.
        - `timeout`: Optional. Seconds for each try; the client's where it is left out.
        """
        request = built(
            releaser_pb2.CreateReleaseRequest,
            app=app,
            validate_only=validate_only,
            replace_newer=replace_newer,
            leave_draft=leave_draft,
            request_id=self._calls.request_id(request_id),
        )
        return self._calls.unary(
            "/paas.releaser.v1.ReleaserService/CreateRelease",
            request,
            releaser_pb2.CreateReleaseResponse,
            repeatable=True,
            timeout=timeout,
        )

    def rollback(
        self,
        *,
        app: str,
        number: int,
        with_secrets: bool = False,
        validate_only: bool = False,
        request_id: str | None = None,
        timeout: float | None = None,
    ) -> releaser_pb2.RollbackResponse:
        """Makes a new release with the app spec and config of an old one, secrets staying as they are unless asked
        for. It needs the permissions of what it does as well: config.write for config vars, apps.write for the
        spec, secrets.write for secrets.

        Needs the permission `releases.write`. Raises PaasError.

        - `app`: Required.
        - `number`: Required. The release to go back to; it must have succeeded.
        - `with_secrets`: Optional. Bring its secrets back too. Off by default: a value rotated after a leak must
          not come back by accident.
        - `validate_only`: Optional. Say what would change, and change nothing.
        - `request_id`: Optional. Chosen by you, to send the same again where the outcome is not known: it has its
          effect once. Made where it is left out, and kept over retries; an error has it.
        - `timeout`: Optional. Seconds for each try; the client's where it is left out.
        """
        request = built(
            releaser_pb2.RollbackRequest,
            app=app,
            number=number,
            with_secrets=with_secrets,
            validate_only=validate_only,
            request_id=self._calls.request_id(request_id),
        )
        return self._calls.unary(
            "/paas.releaser.v1.ReleaserService/Rollback",
            request,
            releaser_pb2.RollbackResponse,
            repeatable=True,
            timeout=timeout,
        )

    def read_logs(
        self, *, app: str, lines: int | None = None, instance: int = 0, follow: bool = False, idle: float = 600.0
    ) -> Generator[releaser_pb2.ReadLogsResponse, None, None]:
        """Sends what the app's instances wrote, the values of its variables masked, and with `follow` what they write
        from then on.

        Needs the permission `releases.write`. Raises PaasError.

        - `app`: Required.
        - `lines`: Optional. How many of the last lines of each instance; at most 1000, 100 where it is unset.
        - `instance`: Optional. Of this instance alone; 0 is all of them.
        - `follow`: Optional. Go on with what is written from then on, by instances of later releases too.
        - `idle`: Optional. The most seconds between two answers.
        """
        request = built(releaser_pb2.ReadLogsRequest, app=app, lines=lines, instance=instance, follow=follow)
        return self._calls.stream(
            "/paas.releaser.v1.ReleaserService/ReadLogs", request, releaser_pb2.ReadLogsResponse, idle=idle
        )

    def list_instances(self, *, app: str, timeout: float | None = None) -> releaser_pb2.ListInstancesResponse:
        """Lists the instances that run now.

        Needs the permission `apps.read`. Raises PaasError.

        - `app`: Required.
        - `timeout`: Optional. Seconds for each try; the client's where it is left out.
        """
        request = built(releaser_pb2.ListInstancesRequest, app=app)
        return self._calls.unary(
            "/paas.releaser.v1.ReleaserService/ListInstances",
            request,
            releaser_pb2.ListInstancesResponse,
            repeatable=True,
            timeout=timeout,
        )

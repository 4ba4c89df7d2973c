"""Calls of ConfigService.

Generated from the contracts by `make gen`; don't edit it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from paas.config.v1 import config_pb2

from paas_client.calls import Calls
from paas_client.listing import Listing
from paas_client.requests import built


class ConfigService:
    """What users call, through the gateway."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def create_app(
        self, *, app: str, spec: config_pb2.AppSpec, request_id: str | None = None, timeout: float | None = None
    ) -> config_pb2.CreateAppResponse:
        """Registers an app and, if it has a command, an image or a Deployment to adopt, requests its first release.

        Needs the permission `apps.write`. Raises PaasError.

        - `app`: Required. The new app's name.
        - `spec`: Required.
        - `request_id`: Optional. Chosen by you, to send the same again where the outcome is not known: it has its
          effect once. Made where it is left out, and kept over retries; an error has it.
        - `timeout`: Optional. Seconds for each try; the client's where it is left out.
        """
        request = built(config_pb2.CreateAppRequest, app=app, spec=spec, request_id=self._calls.request_id(request_id))
        return self._calls.unary(
            "/paas.config.v1.ConfigService/CreateApp",
            request,
            config_pb2.CreateAppResponse,
            repeatable=True,
            timeout=timeout,
        )

    def update_app(
        self,
        *,
        app: str,
        spec: config_pb2.AppSpec,
        etag: str = "",
        stage: bool = False,
        request_id: str | None = None,
        timeout: float | None = None,
    ) -> config_pb2.UpdateAppResponse:
        """Changes what an app runs and how it is rolled out, and requests a release. What it adopts stays.

        Needs the permission `apps.write`. Raises PaasError.

        - `app`: Required.
        - `spec`: Required. The whole new spec.
        - `etag`: Optional. Refused with ABORTED unless it is the app's current etag.
        - `stage`: Optional. Put the change into the app's draft instead of releasing it.
        - `request_id`: Optional. Chosen by you, to send the same again where the outcome is not known: it has its
          effect once. Made where it is left out, and kept over retries; an error has it.
        - `timeout`: Optional. Seconds for each try; the client's where it is left out.
        """
        request = built(
            config_pb2.UpdateAppRequest,
            app=app,
            spec=spec,
            etag=etag,
            stage=stage,
            request_id=self._calls.request_id(request_id),
        )
        return self._calls.unary(
            "/paas.config.v1.ConfigService/UpdateApp",
            request,
            config_pb2.UpdateAppResponse,
            repeatable=True,
            timeout=timeout,
        )

    def get_app(self, *, app: str, timeout: float | None = None) -> config_pb2.GetAppResponse:
        """Reads one app. NOT_FOUND for an app that is absent or of another tenant, in the same words.

        Needs the permission `apps.read`. Raises PaasError.

        - `app`: Required.
        - `timeout`: Optional. Seconds for each try; the client's where it is left out.
        """
        request = built(config_pb2.GetAppRequest, app=app)
        return self._calls.unary(
            "/paas.config.v1.ConfigService/GetApp", request, config_pb2.GetAppResponse, repeatable=True, timeout=timeout
        )

    def list_apps(
        self, *, page_size: int = 0, timeout: float | None = None
    ) -> Listing[config_pb2.App, config_pb2.ListAppsResponse]:
        """Lists the tenant's apps by name; a token limited to some apps sees only those.

        Needs the permission `apps.read`. Raises PaasError.

        - `page_size`: Optional. At most 500, which is also the default.
        - `timeout`: Optional. Seconds for each try; the client's where it is left out.
        """
        request = built(config_pb2.ListAppsRequest, page_size=page_size)
        return Listing(
            self._calls,
            "/paas.config.v1.ConfigService/ListApps",
            request,
            config_pb2.ListAppsResponse,
            items=lambda page: page.apps,
            timeout=timeout,
        )

    def destroy_app(
        self, *, app: str, request_id: str | None = None, timeout: float | None = None
    ) -> config_pb2.DestroyAppResponse:
        """Destroys an app: its instances, variables and secrets. Its name is free again afterwards.

        Needs the permission `apps.write`. Raises PaasError.

        - `app`: Required.
        - `request_id`: Optional. Chosen by you, to send the same again where the outcome is not known: it has its
          effect once. Made where it is left out, and kept over retries; an error has it.
        - `timeout`: Optional. Seconds for each try; the client's where it is left out.
        """
        request = built(config_pb2.DestroyAppRequest, app=app, request_id=self._calls.request_id(request_id))
        return self._calls.unary(
            "/paas.config.v1.ConfigService/DestroyApp",
            request,
            config_pb2.DestroyAppResponse,
            repeatable=True,
            timeout=timeout,
        )

    def list_vars(
        self, *, app: str, page_size: int = 0, version: int | None = None, timeout: float | None = None
    ) -> Listing[config_pb2.Var, config_pb2.ListVarsResponse]:
        """Lists config vars in the order they were first set, managed ones last. Secrets are not listed.

        Needs the permission `config.read`. Raises PaasError.

        - `app`: Required.
        - `page_size`: Optional. At most 500, which is also the default.
        - `version`: Optional. As it was with this version, as `Release.config_version` names it; the newest where
          it is unset. Names that are secrets now are left out, and nothing staged is listed.
        - `timeout`: Optional. Seconds for each try; the client's where it is left out.
        """
        request = built(config_pb2.ListVarsRequest, app=app, page_size=page_size, version=version)
        return Listing(
            self._calls,
            "/paas.config.v1.ConfigService/ListVars",
            request,
            config_pb2.ListVarsResponse,
            items=lambda page: page.vars,
            timeout=timeout,
        )

    def set_vars(
        self,
        *,
        app: str,
        vars: Mapping[str, str] | Iterable[config_pb2.Assignment],
        stage: bool = False,
        validate_only: bool = False,
        etag: str = "",
        request_id: str | None = None,
        timeout: float | None = None,
    ) -> config_pb2.SetVarsResponse:
        """Sets config vars: all of them or, if any is refused, none. Requests one release.

        Needs the permission `config.write`. Raises PaasError.

        - `app`: Required.
        - `vars`: Required. 1 to 500, each name once.
        - `stage`: Optional. Put the change into the app's draft instead of releasing it.
        - `validate_only`: Optional. Say what would change, and change nothing.
        - `etag`: Optional. Refused with ABORTED unless it is the current etag of ListVars.
        - `request_id`: Optional. Chosen by you, to send the same again where the outcome is not known: it has its
          effect once. Made where it is left out, and kept over retries; an error has it.
        - `timeout`: Optional. Seconds for each try; the client's where it is left out.
        """
        request = built(
            config_pb2.SetVarsRequest,
            app=app,
            vars=vars,
            stage=stage,
            validate_only=validate_only,
            etag=etag,
            request_id=self._calls.request_id(request_id),
        )
        return self._calls.unary(
            "/paas.config.v1.ConfigService/SetVars",
            request,
            config_pb2.SetVarsResponse,
            repeatable=True,
            timeout=timeout,
        )

    def unset_vars(
        self,
        *,
        app: str,
        names: Iterable[str],
        ignore_missing: bool = False,
        stage: bool = False,
        validate_only: bool = False,
        etag: str = "",
        request_id: str | None = None,
        timeout: float | None = None,
    ) -> config_pb2.UnsetVarsResponse:
        """Unsets config vars: all of them or none. Requests one release.

        Needs the permission `config.write`. Raises PaasError.

        - `app`: Required.
        - `names`: Required. 1 to 500, each once.
        - `ignore_missing`: Optional. Pass over names that are not set.
        - `stage`: Optional. Put the change into the app's draft instead of releasing it.
        - `validate_only`: Optional. Say what would change, and change nothing.
        - `etag`: Optional. Refused with ABORTED unless it is the current etag of ListVars.
        - `request_id`: Optional. Chosen by you, to send the same again where the outcome is not known: it has its
          effect once. Made where it is left out, and kept over retries; an error has it.
        - `timeout`: Optional. Seconds for each try; the client's where it is left out.
        """
        request = built(
            config_pb2.UnsetVarsRequest,
            app=app,
            names=names,
            ignore_missing=ignore_missing,
            stage=stage,
            validate_only=validate_only,
            etag=etag,
            request_id=self._calls.request_id(request_id),
        )
        return self._calls.unary(
            "/paas.config.v1.ConfigService/UnsetVars",
            request,
            config_pb2.UnsetVarsResponse,
            repeatable=True,
            timeout=timeout,
        )

    def discard_staged(
        self,
        *,
        app: str,
        names: Iterable[str] = (),
        spec: bool = False,
        request_id: str | None = None,
        timeout: float | None = None,
    ) -> config_pb2.DiscardStagedResponse:
        """Drops staged changes of config vars, and of the app's spec where asked (that needs apps.write as well). What
        is live stays as it is.

        Needs the permission `config.write`. Raises PaasError.

        - `app`: Required.
        - `names`: Optional. The names whose staged change is dropped; empty is every one that is staged now. At
          most 1000.
        - `spec`: Optional. Drop the staged change of the spec as well, where there is one.
        - `request_id`: Optional. Chosen by you, to send the same again where the outcome is not known: it has its
          effect once. Made where it is left out, and kept over retries; an error has it.
        - `timeout`: Optional. Seconds for each try; the client's where it is left out.
        """
        request = built(
            config_pb2.DiscardStagedRequest,
            app=app,
            names=names,
            spec=spec,
            request_id=self._calls.request_id(request_id),
        )
        return self._calls.unary(
            "/paas.config.v1.ConfigService/DiscardStaged",
            request,
            config_pb2.DiscardStagedResponse,
            repeatable=True,
            timeout=timeout,
        )

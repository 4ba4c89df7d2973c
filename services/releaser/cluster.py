"""Kubernetes, as releaser may use it: the one file of the whole control plane that can write to a cluster.

Plain objects go in and come out, as the API has them in JSON. What the API says of a refusal is read by its structure
alone: its texts, and those of the client library's exceptions, can quote a Secret.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Any, Final, Self

import aiohttp
from kubernetes.aio import client, config
from kubernetes.aio.client.exceptions import ApiException
from kubernetes.aio.config import ConfigException

from services.releaser.cluster_errors import Away, ClusterError, NotTrusted, Unknown, refusal_of

Object = Mapping[str, Any]
"""One object of the API, as its JSON has it."""

MOST_WORDS: Final = 16_384
"""How many bytes of a container's log are read."""
_APPLY: Final = "application/apply-patch+yaml"
_PATIENCE_SECONDS: Final = 10.0
_WATCH_SECONDS: Final = 240
_GONE: Final = 410
_NOT_FOUND: Final = 404
_CONFLICT: Final = 409


class Cluster:
    """A connection to one API server. Methods raise ClusterError, whose kinds say what to do."""

    def __init__(self, api: client.ApiClient) -> None:
        self._api = api
        self._apps = client.AppsV1Api(api)
        self._core = client.CoreV1Api(api)
        self._version = client.VersionApi(api)

    @classmethod
    async def connect(cls, kubeconfig: str = "") -> Self:
        """Use a kubeconfig file or, without one, the service account of the pod this runs in.

        Raises ConfigException, whose text holds nothing of a file's content.
        """
        settings = client.Configuration()
        try:
            if kubeconfig:
                await config.load_kube_config(  # type: ignore[no-untyped-call]
                    config_file=kubeconfig, client_configuration=settings
                )
            else:
                config.load_incluster_config(client_configuration=settings)  # type: ignore[no-untyped-call]
        except Exception:  # of the YAML reader too, and whatever a list in the place of a mapping leads to
            raise ConfigException("no kubeconfig") from None
        # The library's own retries are not wanted: whoever asks again holds a lease. To it, 0 is no limit.
        settings.retries = None
        return cls(client.ApiClient(settings))

    async def close(self) -> None:
        """Close every connection."""
        await self._api.close()  # type: ignore[no-untyped-call]

    async def check(self) -> None:
        """Ask for what everybody may know. Raises Denied where releaser's credentials are not taken, NotTrusted where
        what answers is not who it should be, and Away where nobody answers.
        """
        await self._bytes(self._version.get_code_without_preload_content)

    async def deployment(self, namespace: str, name: str) -> Object | None:
        """Return a Deployment, or None where there is none."""
        return await _or_none(
            self._json(self._apps.read_namespaced_deployment_without_preload_content, name, namespace)
        )

    async def apply_deployment(self, namespace: str, manifest: Object, *, manager: str, force: bool = False) -> Object:
        """Apply server-side the fields of `manifest` as those of `manager`; the Deployment as it is then.

        A `metadata.resourceVersion` in it is a precondition. Raises Conflict where another manager has one of the
        fields, unless by `force`, and Stale where the precondition does not hold.
        """
        applied: Object = await self._json(
            self._apps.patch_namespaced_deployment_without_preload_content,
            manifest["metadata"]["name"],
            namespace,
            manifest,
            field_manager=manager,
            force=force,
            _content_type=_APPLY,
        )
        return applied

    async def delete_deployment(self, namespace: str, name: str, *, uid: str) -> None:
        """Delete this very Deployment, and its ReplicaSets and pods with it; without effect where it is gone."""
        options = {"propagationPolicy": "Foreground", "preconditions": {"uid": uid}}
        await _quiet(
            self._json(self._apps.delete_namespaced_deployment_without_preload_content, name, namespace, body=options),
            _GONE_FOR_US,
        )

    async def create_secret(self, namespace: str, manifest: Object) -> bool:
        """Create a Secret; False where there is one of the name."""
        try:
            await self._json(self._core.create_namespaced_secret_without_preload_content, namespace, manifest)
        except ClusterError as error:
            if error.code == _CONFLICT and error.reason == "AlreadyExists":
                return False
            raise
        return True

    async def secret(self, namespace: str, name: str) -> Object | None:
        """Return a Secret with its values, or None where there is none."""
        return await _or_none(self._json(self._core.read_namespaced_secret_without_preload_content, name, namespace))

    async def delete_secret(self, namespace: str, name: str) -> None:
        """Delete a Secret; without effect where it is gone."""
        await _quiet(
            self._json(self._core.delete_namespaced_secret_without_preload_content, name, namespace), {_NOT_FOUND}
        )

    async def replica_sets(self, namespace: str, *, selector: str) -> Sequence[Object]:
        """Return the ReplicaSets that a label selector chooses."""
        return _items(
            await self._json(
                self._apps.list_namespaced_replica_set_without_preload_content, namespace, label_selector=selector
            )
        )

    async def pods(self, namespace: str, *, selector: str) -> Sequence[Object]:
        """Return the pods that a label selector chooses."""
        return _items(
            await self._json(self._core.list_namespaced_pod_without_preload_content, namespace, label_selector=selector)
        )

    async def last_words(
        self, namespace: str, pod: str, *, container: str, lines: int, previous: bool = False, most: int = MOST_WORDS
    ) -> str:
        """Return the last lines of a container's log; of the run before this one with `previous`.

        Where these have more than `most` bytes the last of them are left out. Holds what the app wrote.
        """
        text = await self._bytes(
            self._core.read_namespaced_pod_log_without_preload_content,
            pod,
            namespace,
            container=container,
            tail_lines=lines,
            limit_bytes=most,
            previous=previous,
        )
        return text.decode("utf-8", "replace")

    async def follow_words(
        self, namespace: str, pod: str, *, container: str, lines: int | None = None, since_seconds: int | None = None
    ) -> AsyncIterator[bytes]:
        """Yield the lines of a container's log as they are written, after the last `lines` of those there are, or those
        of the last seconds. Ends with the container, or after some minutes. Raises ClusterError.
        """
        async with AsyncExitStack() as stack:
            response = await self._call(
                self._core.read_namespaced_pod_log_without_preload_content,
                pod,
                namespace,
                container=container,
                follow=True,
                **{"since_seconds": since_seconds} if since_seconds else {"tail_lines": lines},
                _request_timeout=_WATCH_SECONDS + _PATIENCE_SECONDS,
            )
            stack.callback(response.close)
            async for line in _lines(response):
                yield line

    async def deployments(self, namespace: str, *, selector: str) -> tuple[Sequence[Object], str]:
        """Return the Deployments that a label selector chooses, and the version to watch from."""
        found = await self._json(
            self._apps.list_namespaced_deployment_without_preload_content, namespace, label_selector=selector
        )
        return _items(found), found["metadata"]["resourceVersion"]

    async def watch_deployments(
        self, namespace: str, *, selector: str, since: str
    ) -> AsyncIterator[tuple[str, Object]]:
        """Yield what happens to them: ADDED, MODIFIED, DELETED or BOOKMARK, and the Deployment.

        Ends after some minutes, to be begun again. Raises Away, also where `since` is too old to go on from.
        """
        async with AsyncExitStack() as stack:
            response = await self._call(
                self._apps.list_namespaced_deployment_without_preload_content,
                namespace,
                label_selector=selector,
                resource_version=since,
                watch=True,
                allow_watch_bookmarks=True,
                timeout_seconds=_WATCH_SECONDS,
                _request_timeout=_WATCH_SECONDS + _PATIENCE_SECONDS,
            )
            stack.callback(response.close)
            async for line in _lines(response):
                event = json.loads(line)
                if event["type"] == "ERROR":
                    raise Away(reason="Expired" if event["object"].get("code") == _GONE else "WatchEnded")
                yield event["type"], event["object"]

    async def _json(self, method: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        body = await self._bytes(method, *arguments, **options)
        try:
            return json.loads(body)
        except ValueError:
            raise Unknown(reason="NoJson") from None

    async def _bytes(self, method: Callable[..., Any], *arguments: Any, **options: Any) -> bytes:
        response = await self._call(method, *arguments, **options)
        async with response:
            try:
                return bytes(await response.read())
            except (TimeoutError, aiohttp.ClientError):
                raise Away(reason="Broken") from None

    async def _call(self, method: Callable[..., Any], *arguments: Any, **options: Any) -> aiohttp.ClientResponse:
        """Begin a call; its answer is not read yet. Every exception of the library ends here."""
        options.setdefault("_request_timeout", _PATIENCE_SECONDS)
        try:
            response: aiohttp.ClientResponse = await method(*arguments, **options)
        except ApiException as error:
            raise refusal_of(error.status or 0, error.body, error.headers or {}) from None
        except (aiohttp.ClientConnectorCertificateError, aiohttp.ClientConnectorSSLError):
            raise NotTrusted(reason="Certificate") from None
        except (TimeoutError, aiohttp.ClientError, OSError):
            raise Away(reason="Unreachable") from None
        except ValueError:  # of the library's own checks, which quote what they were given
            raise Unknown(reason="NotSent") from None
        if response.status >= 300:
            async with response:
                try:
                    body = (await response.read()).decode("utf-8", "replace")
                except (TimeoutError, aiohttp.ClientError):
                    body = ""
                raise refusal_of(response.status, body, response.headers)
        return response


_GONE_FOR_US: Final = frozenset({_NOT_FOUND, _CONFLICT})


async def _quiet(call: Any, codes: frozenset[int] | set[int]) -> None:
    try:
        await call
    except ClusterError as error:
        if error.code not in codes:
            raise


async def _or_none(call: Any) -> Object | None:
    try:
        found: Object = await call
    except ClusterError as error:
        if error.code == _NOT_FOUND:
            return None
        raise
    return found


async def _lines(response: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    """Yield what a watch says, line by line; a Deployment may be larger than what a reader of lines would take."""
    held = bytearray()
    try:
        async for chunk in response.content.iter_any():
            held += chunk
            while (end := held.find(b"\n")) >= 0:
                yield bytes(held[:end])
                del held[: end + 1]
    except (TimeoutError, asyncio.IncompleteReadError, aiohttp.ClientError):
        raise Away(reason="Broken") from None


def _items(found: Any) -> Sequence[Object]:
    return found.get("items") or []


__all__ = ["MOST_WORDS", "Cluster", "ConfigException", "Object"]

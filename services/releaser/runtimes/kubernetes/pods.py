"""Why a pod is not ready, as a sentence. Pure.

Reasons are single words that Kubernetes or an image's program chose; messages can quote a command or a value and are
never repeated.
"""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from services.releaser.manifests import RELEASE_LABEL
from services.releaser.runtimes.kubernetes.standing import number_of
from services.releaser.runtimes.protocol import Instance

Object = Mapping[str, Any]

_REASON: Final = re.compile(r"[A-Za-z][A-Za-z0-9]{0,63}")
_GRACE_SECONDS: Final = 10.0
# What a container can wait for that goes away by itself soon, if it ever does.
_STUCK: Final = {
    "CreateContainerConfigError": "its container can't be configured",
    "CreateContainerError": "its container can't be made",
    "ErrImagePull": "its image can't be pulled",
    "ImagePullBackOff": "its image can't be pulled",
    "ErrImageNeverPull": "its image is not on the node",
    "InvalidImageName": "its image has a name that is none",
    "RunContainerError": "its program can't be started",
    "ImageInspectError": "its image can't be read",
}


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """What is wrong with a pod, and for how many seconds in a row it may be, before waiting longer has no sense.

    `container` is the one to look at, empty where it is none; `previous` says to look at its run before this one.
    """

    pod: str
    container: str
    sentence: str
    patience: float = math.inf
    previous: bool = False


def of_release(pods: Iterable[Object], release: int) -> list[Object]:
    """Return the pods that run a release and are not about to go."""
    return [pod for pod in pods if release_of(pod) == release and not pod["metadata"].get("deletionTimestamp")]


def trouble_of(pod: Object) -> Trouble | None:
    """Return what keeps a pod from being ready and does not pass by itself at once, or None."""
    name, status = pod["metadata"]["name"], pod.get("status") or {}
    for container in (*(status.get("initContainerStatuses") or []), *(status.get("containerStatuses") or [])):
        found = _of_container(name, container)
        if found is not None:
            return found
    if status.get("phase") == "Failed":
        return Trouble(pod=name, container="", sentence=f"it was ended ({_word(status.get('reason'))})", patience=0)
    for condition in status.get("conditions") or []:
        if condition.get("type") == "PodScheduled" and condition.get("status") == "False":
            return Trouble(pod=name, container="", sentence=f"no node takes it ({_word(condition.get('reason'))})")
    return None


def running(pods: Iterable[Object]) -> list[Object]:
    """Return the pods that are not about to go and have not ended, the oldest first: the order of instances."""
    found = [
        pod
        for pod in pods
        if not pod["metadata"].get("deletionTimestamp") and (pod.get("status") or {}).get("phase") not in _ENDED
    ]
    return sorted(found, key=lambda pod: (pod["metadata"]["creationTimestamp"], pod["metadata"]["name"]))


def instances_of(pods: Iterable[Object], *, namespace: str, container: str) -> Sequence[Instance]:
    """Return an app's pods as its instances, oldest first; what is about to go or has ended is left out."""
    return [
        Instance(
            index=index,
            release=release_of(pod),
            state=_state_of(pod),
            started_at=_moment((pod.get("status") or {}).get("startTime")),
            log=f"kubectl logs -n {namespace} {pod['metadata']['name']} -c {container}",
        )
        for index, pod in enumerate(running(pods), 1)
    ]


_ENDED: Final = ("Succeeded", "Failed")


def _of_container(pod: str, container: Object) -> Trouble | None:
    state, name, restarts = container.get("state") or {}, container["name"], container.get("restartCount", 0)
    waiting, ended = state.get("waiting") or {}, state.get("terminated")
    reason = waiting.get("reason")
    if reason in _STUCK:
        return Trouble(pod=pod, container=name, sentence=f"{_STUCK[reason]} ({reason})", patience=_GRACE_SECONDS)
    last = (container.get("lastState") or {}).get("terminated")
    if reason == "CrashLoopBackOff":
        sentence = f"its program {_outcome(last or {})} again and again"
        return Trouble(pod=pod, container=name, sentence=sentence, patience=0, previous=last is not None)
    if ended is not None and not container.get("started") and _is_app(ended):
        return Trouble(
            pod=pod,
            container=name,
            sentence=f"its program {_outcome(ended)}",
            patience=0 if restarts else _GRACE_SECONDS,
        )
    if last is not None and restarts > 1 and not container.get("ready"):
        sentence = f"its program {_outcome(last)} again and again"
        return Trouble(pod=pod, container=name, sentence=sentence, patience=0, previous=True)
    return None


def _is_app(ended: Object) -> bool:
    """Whether what ended is no step that was meant to end, such as an init container that did its work."""
    return ended.get("exitCode") != 0 or ended.get("reason") != "Completed"


def _outcome(ended: Object) -> str:
    code, signal, reason = ended.get("exitCode"), ended.get("signal"), _word(ended.get("reason"))
    if reason == "OOMKilled":
        return "used more memory than it may"
    if signal:
        return f"was ended by signal {signal}"
    return "ended" if code is None else f"exited with code {code}"


def _state_of(pod: Object) -> str:
    conditions = (pod.get("status") or {}).get("conditions") or []
    ready = any(each.get("type") == "Ready" and each.get("status") == "True" for each in conditions)
    return "ready" if ready else "starting"


def release_of(pod: Object) -> int:
    """Return the number of the release that a pod runs."""
    return number_of((pod["metadata"].get("labels") or {}).get(RELEASE_LABEL))


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _word(reason: Any) -> str:
    """Return a reason if it is a single word, as those of Kubernetes are."""
    return reason if isinstance(reason, str) and _REASON.fullmatch(reason) else "no reason given"

"""The API server asked by the administrator: enough to see whether a cluster is ready, without a client's second."""

import http.client
import json
import ssl
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, Final

from tests.kubernetes.cluster.pki import NODE_NAME

# Seconds that one question may take.
_PATIENCE: Final = 5.0


def answers(url: str, pki: Path) -> bool:
    """Whether the API server at `url` has all it needs itself."""
    return _get(f"{url}/readyz", pki) is not None


def takes_pods(url: str, pki: Path) -> bool:
    """Whether the node is ready and a pod in the namespace `default` would have an identity."""
    node = _object(f"{url}/api/v1/nodes/{NODE_NAME}", pki)
    conditions = node.get("status", {}).get("conditions", [])
    ready = any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)
    return ready and bool(_object(f"{url}/api/v1/namespaces/default/serviceaccounts/default", pki))


def _object(url: str, pki: Path) -> dict[str, Any]:
    found = json.loads(_get(url, pki) or b"{}")
    assert isinstance(found, dict)
    return found


def _get(url: str, pki: Path) -> bytes | None:
    context = ssl.create_default_context(cafile=pki / "ca.crt")
    context.load_cert_chain(pki / "admin.crt", pki / "admin.key")
    try:
        with urllib.request.urlopen(url, timeout=_PATIENCE, context=context) as answer:  # noqa: S310 - our own URL
            return bytes(answer.read())
    except (urllib.error.URLError, http.client.HTTPException, OSError):
        return None

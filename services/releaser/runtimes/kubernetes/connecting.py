"""A connection to the cluster that the settings name, and what is wrong with it where there is none."""

from paaskit.settings import SettingsError
from services.releaser.cluster import Cluster, ConfigException
from services.releaser.cluster_errors import Away, ClusterError, Denied, NotTrusted


async def connect(kubeconfig: str) -> Cluster:
    """Connect by a kubeconfig file or, where that is empty, as the pod this runs in. Raises SettingsError.

    A kubeconfig is somebody's writing, so it is tried: releases that wait for ever would be the only sign that it is
    wrong. What Kubernetes gives a pod is not, and there an API server that is away for a moment keeps nobody from
    starting.
    """
    try:
        cluster = await Cluster.connect(kubeconfig)
    except (ConfigException, OSError, ValueError):
        raise SettingsError(
            f"PAAS_KUBECONFIG names {kubeconfig}, which is no kubeconfig that can be read."
            if kubeconfig
            else "PAAS_KUBECONFIG is not set, and this is no pod with a service account; set it to a kubeconfig file."
        ) from None
    if kubeconfig:
        try:
            await cluster.check()
        except ClusterError as error:
            if (wrong := _wrong_with(error)) is not None:
                await cluster.close()
                raise SettingsError(f"PAAS_KUBECONFIG names {kubeconfig}, {wrong}.") from None
    return cluster


def _wrong_with(error: ClusterError) -> str | None:
    """Return what has to be mended in the kubeconfig; None where the API server is there and only busy or broken."""
    match error:
        case Denied(code=401):
            return "whose credentials Kubernetes does not take: they are wrong or have expired; make new ones"
        case NotTrusted():
            return (
                "whose API server shows a certificate that has expired or is not of the authority named there; check "
                "its `server` and `certificate-authority`"
            )
        case Away(code=0):
            return "whose API server can't be reached; check its `server`, and that the cluster runs"
    return None

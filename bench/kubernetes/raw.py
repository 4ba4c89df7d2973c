"""What a release comes down to, with releaser's own client alone: create a Secret, patch a Deployment."""

from dataclasses import dataclass, field

from services.releaser.cluster import Cluster, Object
from services.releaser.domain import AppKey, Spec
from services.releaser.manifests import MANAGER, Manifest, Place, deployment_manifest, secret_manifest

IMAGE = "paas.test/demo:1"
_VALUES = {f"VARIABLE_{index}": "value" * 8 for index in range(5)}


@dataclass
class RawApps:
    """Deployments without instances, each changed by itself again and again."""

    cluster: Cluster
    namespace: str
    _owners: dict[int, Object] = field(default_factory=dict)
    _releases: dict[int, int] = field(default_factory=dict)

    async def create(self, number: int) -> None:
        """Make the Deployment of one app."""
        self._owners[number] = await self.cluster.apply_deployment(
            self.namespace, self._manifest(number, release=0), manager=MANAGER
        )
        self._releases[number] = 0

    async def change(self, number: int) -> None:
        """Create the Secret of the app's next release and have its Deployment refer to that."""
        self._releases[number] += 1
        release, owner = self._releases[number], self._owners[number]
        secret = secret_manifest(
            self._key(number), self._name(number), release, place=self._place(number), owner=owner, values=_VALUES
        )
        assert await self.cluster.create_secret(self.namespace, secret)
        await self.cluster.apply_deployment(self.namespace, self._manifest(number, release=release), manager=MANAGER)

    def _manifest(self, number: int, *, release: int) -> Manifest:
        spec = Spec(image=IMAGE, instances=0)
        key, name, place = self._key(number), self._name(number), self._place(number)
        manifest = deployment_manifest(key, name, release, place=place, spec=spec, names=_VALUES, grace_seconds=10)
        manifest["spec"]["replicas"] = 0
        return manifest

    def _place(self, number: int) -> Place:
        return Place(namespace=self.namespace, name=self._name(number), container=self._name(number))

    @staticmethod
    def _name(number: int) -> str:
        return f"raw-{number}"

    @staticmethod
    def _key(number: int) -> AppKey:
        return AppKey(tenant="raw", app_id=f"raw-{number}")

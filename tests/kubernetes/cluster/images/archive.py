"""Container images as files, in the format that containerd imports: an OCI image layout in a tar archive.

Sources: https://github.com/opencontainers/image-spec (image-layout.md, manifest.md, config.md). One layer, one
platform, the same bytes for the same content. There is no registry: images go from here to a cluster's containerd.
"""

import hashlib
import io
import json
import platform
import tarfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any, Final

_MEDIA: Final = "application/vnd.oci.image."
_ARCHITECTURES: Final = {"x86_64": "amd64", "aarch64": "arm64"}


@dataclass(frozen=True)
class File:
    """A file of an image; everybody may read it, and run it where `runs`."""

    content: bytes | Path
    runs: bool = False


@dataclass(frozen=True)
class Link:
    """A symbolic link to another path of the image."""

    to: str


@dataclass(frozen=True)
class Folder:
    """A folder that is there for its own sake; those that files are in need no mention."""

    mode: int = 0o755


Tree = Mapping[str, File | Link | Folder]
"""What is in an image, by absolute path."""


def write_image(archive: Path, name: str, tree: Tree, *, command: Sequence[str], environment: Iterable[str]) -> None:
    """Write the image `name` (`host/name:tag`) to `archive`. `environment` holds lines `NAME=value`."""
    layer_file = archive.with_suffix(".layer")
    try:
        layer = _write_layer(layer_file, tree)
        config = _json(
            {
                "architecture": _ARCHITECTURES.get(platform.machine(), platform.machine()),
                "os": "linux",
                "config": {"Entrypoint": list(command), "Env": list(environment)},
                "rootfs": {"type": "layers", "diff_ids": [layer["digest"]]},
            }
        )
        manifest = _json(
            {
                "schemaVersion": 2,
                "mediaType": f"{_MEDIA}manifest.v1+json",
                "config": _described(config, "config.v1+json"),
                "layers": [layer],
            }
        )
        named = {"io.containerd.image.name": name, "org.opencontainers.image.ref.name": name.rpartition(":")[2]}
        index = _json(
            {
                "schemaVersion": 2,
                "mediaType": f"{_MEDIA}index.v1+json",
                "manifests": [_described(manifest, "manifest.v1+json") | {"annotations": named}],
            }
        )
        with tarfile.open(archive, "w") as tar:
            _add(tar, "oci-layout", _json({"imageLayoutVersion": "1.0.0"}))
            _add(tar, "index.json", index)
            for blob in (config, manifest):
                _add(tar, _blob(_digest(blob)), blob)
            _add(tar, _blob(layer["digest"]), layer_file)
    finally:
        layer_file.unlink(missing_ok=True)


def _write_layer(path: Path, tree: Tree) -> dict[str, Any]:
    """The layer as an uncompressed archive, and how the manifest describes it."""
    with tarfile.open(path, "w") as tar:
        for folder in sorted(_folders(tree)):
            wanted = tree.get(folder)
            _add_entry(tar, folder, tarfile.DIRTYPE, mode=wanted.mode if isinstance(wanted, Folder) else 0o755)
        for place, entry in sorted(tree.items()):
            if isinstance(entry, Link):
                _add_entry(tar, place, tarfile.SYMTYPE, mode=0o777, link=entry.to)
            elif isinstance(entry, File):
                _add(tar, place.lstrip("/"), entry.content, mode=0o755 if entry.runs else 0o644)
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"mediaType": f"{_MEDIA}layer.v1.tar", "digest": f"sha256:{digest}", "size": path.stat().st_size}


def _folders(tree: Tree) -> set[str]:
    above = {str(parent) for place in tree for parent in PurePosixPath(place).parents}
    return (above | {place for place, entry in tree.items() if isinstance(entry, Folder)}) - {"/"}


def _add(tar: tarfile.TarFile, name: str, content: bytes | Path, *, mode: int = 0o644) -> None:
    entry = tarfile.TarInfo(name)
    entry.mode = mode
    if isinstance(content, bytes):
        entry.size = len(content)
        tar.addfile(entry, io.BytesIO(content))
        return
    with content.open("rb") as file:
        entry.size = _size(file)
        tar.addfile(entry, file)


def _add_entry(tar: tarfile.TarFile, place: str, kind: bytes, *, mode: int, link: str = "") -> None:
    entry = tarfile.TarInfo(place.lstrip("/"))
    entry.type, entry.mode, entry.linkname = kind, mode, link
    tar.addfile(entry)


def _size(file: IO[bytes]) -> int:
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    return size


def _described(content: bytes, kind: str) -> dict[str, Any]:
    return {"mediaType": f"{_MEDIA}{kind}", "digest": _digest(content), "size": len(content)}


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _blob(digest: str) -> str:
    return f"blobs/sha256/{digest.removeprefix('sha256:')}"


def _json(content: object) -> bytes:
    return json.dumps(content, sort_keys=True).encode()

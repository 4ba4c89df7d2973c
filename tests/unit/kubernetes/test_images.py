"""Image archives, read back as https://github.com/opencontainers/image-spec describes them; the Python in one.

Whether containerd takes them is `make test-kubernetes`'s.
"""

import hashlib
import io
import json
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

from tests.kubernetes.cluster.images.archive import File, Folder, Link, Tree, write_image
from tests.kubernetes.cluster.images.host_python import PYTHON, host_python, shared_libraries

TREE: Tree = {
    "/app/run": File(b"#!/bin/sh\n", runs=True),
    "/app/data/words.txt": File(b"words"),
    "/usr/bin/run": Link("/app/run"),
    "/tmp": Folder(mode=0o1777),
}


def _write(archive: Path) -> dict[str, bytes]:
    write_image(archive, "paas.test/a:7", TREE, command=["/app/run"], environment=["PATH=/bin"])
    with tarfile.open(archive) as tar:
        return {entry.name: read.read() for entry in tar if (read := tar.extractfile(entry))}


def _blob(files: dict[str, bytes], described: dict[str, Any]) -> bytes:
    content = files["blobs/sha256/" + described["digest"].removeprefix("sha256:")]
    assert described == described | {"size": len(content), "digest": _sha256(content)}
    return content


def _sha256(content: bytes) -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()


def test_everything_is_found_from_the_index(tmp_path: Path) -> None:
    files = _write(tmp_path / "a.tar")
    assert json.loads(files["oci-layout"]) == {"imageLayoutVersion": "1.0.0"}
    (described,) = json.loads(files["index.json"])["manifests"]
    assert described["annotations"]["io.containerd.image.name"] == "paas.test/a:7"
    manifest = json.loads(_blob(files, described))
    config = json.loads(_blob(files, manifest["config"]))
    assert config["config"] == {"Entrypoint": ["/app/run"], "Env": ["PATH=/bin"]}
    (layer,) = manifest["layers"]
    assert config["rootfs"]["diff_ids"] == [_sha256(_blob(files, layer))]
    assert len(files) == 5


def test_the_layer_has_the_files_and_the_folders_they_are_in(tmp_path: Path) -> None:
    files = _write(tmp_path / "a.tar")
    layer = max(files.values(), key=len)
    with tarfile.open(fileobj=io.BytesIO(layer)) as tar:
        entries = {entry.name: entry for entry in tar}
        assert {name: oct(entry.mode) for name, entry in entries.items() if entry.isdir()} == {
            "app": "0o755", "app/data": "0o755", "tmp": "0o1777", "usr": "0o755", "usr/bin": "0o755",
        }  # fmt: skip
        assert {name: oct(entry.mode) for name, entry in entries.items() if entry.isfile()} == {
            "app/run": "0o755", "app/data/words.txt": "0o644",
        }  # fmt: skip
        words = tar.extractfile("app/data/words.txt")
        assert words is not None
        assert words.read() == b"words"
    assert entries["usr/bin/run"].linkname == "/app/run"
    assert {(entry.uid, entry.gid, entry.mtime) for entry in entries.values()} == {(0, 0, 0)}


def test_the_same_content_is_the_same_archive(tmp_path: Path) -> None:
    _write(tmp_path / "a.tar")
    _write(tmp_path / "b.tar")
    assert (tmp_path / "a.tar").read_bytes() == (tmp_path / "b.tar").read_bytes()
    assert {path.name for path in tmp_path.iterdir()} == {"a.tar", "b.tar"}


def test_an_interpreter_is_there_with_what_it_needs() -> None:
    tree = host_python()
    interpreter = tree[PYTHON]
    path = interpreter.to if isinstance(interpreter, Link) else PYTHON
    assert path in tree
    assert {str(each) for each in shared_libraries([Path(path)])} <= set(tree)
    listed = subprocess.run([sys.executable, "-c", "import json, ssl; print(json.__file__); print(ssl.__file__)"],
                            check=True, capture_output=True, text=True).stdout.split()  # fmt: skip
    assert set(listed) <= set(tree)
    assert not [place for place in tree if "site-packages" in place or "__pycache__" in place]

"""Generate `gen/` from the protos next to this file.

`python protos/generate.py [OUT]` writes into OUT (default: `gen/`). What it writes is committed and never
edited; `make check` generates again into a temporary folder and compares.
"""

import sys
from pathlib import Path

import grpc_tools  # type: ignore[import-untyped]  # only asked where it is
from google.api import annotations_pb2
from grpc_tools import protoc

PROTOS = Path(__file__).resolve().parent
# What is imported and not ours: protobuf's own, and how a method is called over plain HTTP, with what that takes.
WELL_KNOWN = (Path(grpc_tools.__file__).parent / "_proto", Path(annotations_pb2.__file__).parents[2])


def generate(out: Path) -> None:
    """Write the Python modules and type stubs of every proto into the folder `out`."""
    out.mkdir(parents=True, exist_ok=True)
    sources = sorted(str(path.relative_to(PROTOS)) for path in PROTOS.rglob("*.proto"))
    arguments = [
        "protoc",
        f"-I{PROTOS}",
        *(f"-I{folder}" for folder in WELL_KNOWN),
        f"--python_out={out}",
        f"--mypy_out=quiet:{out}",
        f"--grpc_python_out={out}",
        f"--mypy_grpc_out=quiet,only_async:{out}",
        *sources,
    ]
    # Plugins are found on PATH; they live beside the interpreter that runs this.
    import os

    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    if protoc.main(arguments) != 0:
        raise SystemExit("protoc refused the protos; its messages are above")
    # Ordinary packages import faster than namespace packages, which search every path entry.
    for folder in [out / "paas", *(path for path in (out / "paas").rglob("*") if path.is_dir())]:
        if folder.name != "__pycache__":
            (folder / "__init__.py").touch()
    # What type checkers ask for before they read the stubs beside.
    (out / "paas" / "py.typed").touch()


if __name__ == "__main__":
    generate(Path(sys.argv[1]) if len(sys.argv) > 1 else PROTOS.parent / "gen")

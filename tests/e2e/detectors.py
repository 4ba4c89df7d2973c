"""Finding a value in bytes, however it was written there: the forms, and the search through files.

A mark is 24 random letters and digits that every planted value shares, so one search finds all of them. Finding
nothing says something only if each detector finds a control that was planted for it.
"""

import base64
import gzip
import hashlib
import os
import re
import zlib
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

_DEFLATED = re.compile(rb"\x1f\x8b\x08|\x78[\x01\x5e\x9c\xda]")
# The most that one deflated stream is unpacked to, in bytes.
_UNPACKED = 256 * 1024


def forms(mark: str) -> dict[str, list[bytes]]:
    """What a value with `mark` in it looks like in each encoding: any of the needles will do."""
    plain = mark.encode()
    found = {
        "plain": [plain],
        "upper case": [mark.upper().encode()],
        "lower case": [mark.lower().encode()],
        "reversed": [plain[::-1]],
        "hex": [plain.hex().encode(), plain.hex().upper().encode()],
        "hex with spaces": [plain.hex(" ").encode(), plain.hex(":").encode()],
        "url-encoded": ["".join(f"%{byte:02{case}}" for byte in plain).encode() for case in "xX"],
        "utf-16": [mark.encode("utf-16-le"), mark.encode("utf-16-be")],
        "json escapes": ["".join(f"\\u{byte:04{case}}" for byte in plain).encode() for case in "xX"],
        "octal escapes": ["".join(f"\\{byte:03o}" for byte in plain).encode()],
        "decimal list": [", ".join(map(str, plain)).encode(), ",".join(map(str, plain)).encode()],
        # PostgreSQL's own compression leaves eight bytes in a piece: one of these is whole wherever it cuts.
        "in pieces": [plain[start : start + 8] for start in range(8)],
    }
    # Three (five) bytes make four (eight) characters, so it depends on what comes before; the ends depend on more.
    found["base64"] = [_inner(base64.b64encode(b"\0" * shift + plain), 4) for shift in range(3)]
    found["base32"] = [_inner(base64.b32encode(b"\0" * shift + plain), 8) for shift in range(5)]
    return found


def _inner(encoded: bytes, group: int) -> bytes:
    return encoded[group : len(encoded.rstrip(b"=")) // group * group - group]


def digests(value: str) -> dict[str, list[bytes]]:
    """Hashes of a whole value, raw and in hex."""
    return {
        name: [digest.digest(), digest.hexdigest().encode()]
        for name in ("md5", "sha1", "sha256", "sha512")
        for digest in (hashlib.new(name, value.encode(), usedforsecurity=False),)
    }


def search(content: bytes, needles: Mapping[str, Iterable[bytes]], *, packed: bool = True) -> list[str]:
    """The names of the forms that are in `content`, also inside what is deflated there."""
    found = [name for name, wanted in needles.items() if any(content.find(needle) >= 0 for needle in wanted)]
    if packed:
        found += [f"{name}, deflated" for name in _unpacked_search(content, needles)]
    return found


def _unpacked_search(content: bytes, needles: Mapping[str, Iterable[bytes]]) -> set[str]:
    found: set[str] = set()
    for match in _DEFLATED.finditer(content):
        start = match.start()
        window = 31 if content[start] == 0x1F else 15
        try:
            unpacked = zlib.decompressobj(window).decompress(content[start : start + _UNPACKED], _UNPACKED)
        except zlib.error:
            continue
        found.update(search(unpacked, needles, packed=False))
    return found


def search_files(folder: Path, needles: Mapping[str, Iterable[bytes]]) -> dict[Path, list[str]]:
    """Every regular file below `folder` in which something was found, and what."""
    found = {}
    for path in sorted(Path(parent, name) for parent, _, names in os.walk(folder) for name in names):
        # What is there now may be gone, renamed or cut when it is looked into.
        with suppress(FileNotFoundError):
            if path.is_symlink() or not path.is_file():
                continue
            if names := search(path.read_bytes(), needles):
                found[path] = names
    return found


def controls(value: str) -> dict[str, bytes]:
    """A piece of text for each form, with `value` in it as that form has it: what `search` must find."""
    plain = value.encode()
    text = b'{"event": "oops", "value": "%s"}\n'
    pieces = b"\x00".join(plain[start : start + 8] for start in range(3, len(plain), 8))
    return {
        "plain": text % plain,
        "upper case": text % plain.upper(),
        "lower case": text % plain.lower(),
        "reversed": text % plain[::-1],
        "hex": text % plain.hex().encode(),
        "hex with spaces": text % plain.hex(" ").encode(),
        "url-encoded": text % "".join(f"%{byte:02X}" for byte in plain).encode(),
        "utf-16": value.encode("utf-16"),
        "json escapes": text % "".join(f"\\u{byte:04x}" for byte in plain).encode(),
        "octal escapes": text % "".join(f"\\{byte:03o}" for byte in plain).encode(),
        "decimal list": text % str(list(plain)).encode(),
        "in pieces": b"\x01" + pieces,
        "base64": text % base64.b64encode(b"x" + plain),
        "base32": text % base64.b32encode(b"xyz" + plain),
        "plain, deflated": b"\x17junk" + gzip.compress(text % plain) + b"junk",
    }

"""Verifying signatures of Ed25519 (RFC 8032, section 5.1.7) without a library: the command line installs none.

It verifies and nothing else. All that goes in is public, so it may take as long as its input makes it: nothing here may
ever touch a private key. A checkpoint has a handful of signatures, each a few milliseconds.
"""

from hashlib import sha512
from typing import Final

_P: Final = 2**255 - 19
_ORDER: Final = 2**252 + 27742317777372353535851937790883648493
_D: Final = -121665 * pow(121666, -1, _P) % _P
_ROOT_OF_MINUS_ONE: Final = pow(2, (_P - 1) // 4, _P)
_SIGN_BIT: Final = 1 << 255

Point = tuple[int, int, int, int]
"""Extended homogeneous coordinates (RFC 8032, section 5.1.4): x = X/Z, y = Y/Z, x*y = T/Z."""
_NEUTRAL: Final[Point] = (0, 1, 1, 0)


class Ed25519:
    """Verifies signatures: a `transparency.notes.keys.Ed25519`."""

    def verify(self, public_key: bytes, message: bytes, signature: bytes) -> bool:
        """Whether the owner of `public_key` signed `message`. False as well for bytes that are no key."""
        if len(public_key) != 32 or len(signature) != 64:
            return False
        key = _decoded(public_key)
        scalar = int.from_bytes(signature[32:], "little")
        if key is None or scalar >= _ORDER:
            return False
        digest = sha512(signature[:32] + public_key + message).digest()
        challenge = int.from_bytes(digest, "little") % _ORDER
        x, y, z, t = key
        found = _sum(_times(scalar, _BASE), _times(challenge, (_P - x, y, z, _P - t)))
        return _encoded(found) == signature[:32]


def _sum(one: Point, other: Point) -> Point:
    """Add two points (RFC 8032, section 5.1.4)."""
    a = (one[1] - one[0]) * (other[1] - other[0]) % _P
    b = (one[1] + one[0]) * (other[1] + other[0]) % _P
    c = 2 * one[3] * other[3] * _D % _P
    d = 2 * one[2] * other[2] % _P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def _times(scalar: int, point: Point) -> Point:
    found = _NEUTRAL
    while scalar:
        if scalar & 1:
            found = _sum(found, point)
        point = _sum(point, point)
        scalar >>= 1
    return found


def _encoded(point: Point) -> bytes:
    inverse = pow(point[2], -1, _P)
    x, y = point[0] * inverse % _P, point[1] * inverse % _P
    return (y | (_SIGN_BIT if x & 1 else 0)).to_bytes(32, "little")


def _decoded(content: bytes) -> Point | None:
    """Return the point that 32 bytes stand for, None where they stand for none (RFC 8032, section 5.1.3)."""
    number = int.from_bytes(content, "little")
    y = number & (_SIGN_BIT - 1)
    if y >= _P:
        return None
    x = _x_of(y, odd=number >= _SIGN_BIT)
    return None if x is None else (x, y, 1, x * y % _P)


def _x_of(y: int, *, odd: bool) -> int | None:
    square = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P
    x = pow(square, (_P + 3) // 8, _P)
    if (x * x - square) % _P:
        x = x * _ROOT_OF_MINUS_ONE % _P
    if (x * x - square) % _P or (x == 0 and odd):
        return None
    return _P - x if x % 2 != odd else x


def _base() -> Point:
    point = _decoded((4 * pow(5, -1, _P) % _P).to_bytes(32, "little"))
    assert point is not None  # y = 4/5 is on the curve
    return point


_BASE: Final = _base()

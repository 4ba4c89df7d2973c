"""Everything that is nearly a signed identity: one function a kind, from a good one to one that must be refused.

Two sorts: texts that somebody without the key makes of a good identity, and ones that are well signed and say what no
identity may say. The second come from nobody but tokens, and are refused all the same.
"""

import base64
import hashlib
import hmac
import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

# The order of the group of Ed25519 (RFC 8032, section 5.1): s and s + L would be the same signature to a lax verifier.
_ORDER: Final = 2**252 + 27742317777372353535851937790883648493
_TEXT: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_WHITE: Final = " \t\n\r\0\v\f\u00a0\u200b="


@dataclass(frozen=True)
class Good:
    """A good identity in its parts, and the key it is signed with."""

    header: dict[str, Any]
    claims: dict[str, Any]
    key: Ed25519PrivateKey

    @property
    def text(self) -> str:
        """The identity as it is sent."""
        return self.signed(_json(self.header), _json(self.claims))

    def signed(self, header: bytes, claims: bytes) -> str:
        """Any header and claims, well signed."""
        body = f"{_encoded(header)}.{_encoded(claims)}"
        return f"{body}.{_encoded(self.key.sign(body.encode()))}"

    def saying(self, **changes: Any) -> str:
        """The same with other claims, well signed; None leaves one out."""
        claims = {name: value for name, value in (self.claims | changes).items() if value is not None}
        return self.signed(_json(self.header), _json(claims))

    def headed(self, **changes: Any) -> str:
        """The same with other headers, well signed; None leaves one out."""
        header = {name: value for name, value in (self.header | changes).items() if value is not None}
        return self.signed(_json(header), _json(self.claims))


Kind = Callable[[Good, random.Random], str]


def _json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def flipped_bits(good: Good, choice: random.Random) -> str:
    """Bits of the header, the claims or the signature, below their encoding."""
    parts = good.text.split(".")
    place = choice.randrange(3)
    raw = bytearray(_decoded(parts[place]))
    for _ in range(choice.randint(1, 3)):
        raw[choice.randrange(len(raw))] ^= 1 << choice.randrange(8)
    parts[place] = _encoded(bytes(raw))
    return ".".join(parts)


def other_characters(good: Good, choice: random.Random) -> str:
    """Characters of the text, also the last, some of whose bits mean nothing; put in, left out, swapped."""
    text = list(good.text)
    place = choice.choice((choice.randrange(len(text)), len(text) - 1))
    match choice.randrange(4):
        case 0:
            text[place] = choice.choice(_TEXT)
        case 1:
            text.insert(place, choice.choice(_TEXT))
        case 2:
            del text[place]
        case _:
            text[place] = text[place].swapcase()
    return "".join(text)


def white_space(good: Good, choice: random.Random) -> str:
    """Blanks, control characters and padding, anywhere."""
    text, place = good.text, choice.choice((0, choice.randrange(len(good.text)), len(good.text)))
    return text[:place] + choice.choice(_WHITE) * choice.randint(1, 3) + text[place:]


def shapes(good: Good, choice: random.Random) -> str:
    """Too few parts, too many, empty ones, JSON instead of the compact form, something before or after."""
    header, claims, signature = good.text.split(".")
    return choice.choice((
        f"{header}.{claims}", f"{header}.{claims}.", f".{claims}.{signature}", f"{header}..{signature}", "..", "",
        f"{good.text}.{signature}", f"{good.text}.{good.text}", f"{claims}.{header}.{signature}", f"Bearer {good.text}",
        json.dumps({"payload": claims, "signatures": [{"protected": header, "signature": signature}]}),
        json.dumps({"payload": claims, "protected": header, "signature": signature}), f"{good.text}==",
        f"{header}.{claims}.{signature}{signature}", f"{header}.{claims}.{signature[:43]}",
        good.text[: choice.randrange(80)],
        f"{good.text},{good.text}", f"{header}.{_encoded(_decoded(claims) + b' ')}.{signature}", good.text + "\u0430",
        f"{header}.{claims}.{_encoded(b'')}", "a" * choice.choice((10, 1_000, 60_000)), "null.null.null",
    ))  # fmt: skip


def unsigned(good: Good, choice: random.Random) -> str:
    """Algorithm `none`, in every spelling, with a signature or without."""
    algorithm = choice.choice(("none", "None", "NONE", "nOnE", "", None, "null", ["none"], 0))
    header = _json(good.header | {"alg": algorithm})
    signature = choice.choice(("", "AA", good.text.rpartition(".")[2]))
    return f"{_encoded(header)}.{_encoded(_json(good.claims))}.{signature}"


def macs(good: Good, choice: random.Random) -> str:
    """A MAC with the public key as its secret, in each of its forms (CVE-2026-48526)."""
    public = good.key.public_key()
    raw = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
    info = PublicFormat.SubjectPublicKeyInfo
    pem = public.public_bytes(Encoding.PEM, info)
    secret = choice.choice((
        pem, pem.strip(), pem.replace(b"\n", b"\r\n"), public.public_bytes(Encoding.DER, info), raw, raw.hex().encode(),
        base64.b64encode(raw), public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH), b"",
        _json({"kty": "OKP", "crv": "Ed25519", "x": _encoded(raw)}),
        _json({"crv": "Ed25519", "kty": "OKP", "x": _encoded(raw), "kid": good.header["kid"]}),
    ))  # fmt: skip
    digest = choice.choice((256, 384, 512))
    header = good.header | {"alg": choice.choice((f"HS{digest}", "EdDSA"))}
    body = f"{_encoded(_json(header))}.{_encoded(_json(good.claims))}"
    return f"{body}.{_encoded(hmac.new(secret, body.encode(), getattr(hashlib, f'sha{digest}')).digest())}"


def other_keys(good: Good, choice: random.Random) -> str:
    """Signed by somebody else, on the same curve or another, under our key id and our algorithm's name."""
    body = f"{_encoded(_json(good.header))}.{_encoded(_json(good.claims))}"
    match choice.randrange(3):
        case 0:
            signature = Ed25519PrivateKey.generate().sign(body.encode())
        case 1:
            signature = ed448.Ed448PrivateKey.generate().sign(body.encode())
        case _:
            signature = ec.generate_private_key(ec.SECP256R1()).sign(body.encode(), ec.ECDSA(hashes.SHA256()))
    return f"{body}.{_encoded(signature)}"


def malleable(good: Good, choice: random.Random) -> str:
    """The signature's second half plus a multiple of the group's order; its halves changed about; small points."""
    body, _, signature = good.text.rpartition(".")
    raw = _decoded(signature)
    scalar = int.from_bytes(raw[32:], "little")
    higher = scalar + _ORDER * choice.randint(1, 14)
    changed = choice.choice((
        raw[:32] + higher.to_bytes(32, "little"), raw[32:] + raw[:32], bytes(64), b"\1" + bytes(63),
        raw[:32] + bytes(32),
        bytes(32) + raw[32:], raw + b"\0", b"\0" + raw, raw[:32] + (_ORDER - scalar).to_bytes(32, "little"),
    ))  # fmt: skip
    return f"{body}.{_encoded(changed)}"


def serialised_anew(good: Good, choice: random.Random) -> str:
    """The same claims, or nearly, in other bytes under the signature of the first."""
    header, _, signature = good.text.split(".")
    claims = choice.choice((
        json.dumps(good.claims).encode(), json.dumps(good.claims, indent=1).encode(), _json(good.claims) + b"\n",
        json.dumps(good.claims, sort_keys=True, separators=(",", ":")).encode(), _json(good.claims | {"ten": "globex"}),
        _json(good.claims)[:-1] + b',"ten":"globex"}', _json(good.claims).decode().encode("utf-16"),
        _json(good.claims).replace(b"acme", b"\\u0061cme"), b"\xef\xbb\xbf" + _json(good.claims),
    ))  # fmt: skip
    return f"{header}.{_encoded(claims)}.{signature}"


def foreign_headers(good: Good, choice: random.Random) -> str:
    """Well signed, with a header that no identity has."""
    url = f"https://keys.example.com/{choice.randrange(10**6)}"
    return good.headed(**choice.choice((
        {"crit": ["exp"]}, {"crit": ["b64"], "b64": False}, {"jku": url}, {"x5u": url}, {"x5c": ["AAAA"]},
        {"zip": "DEF"},
        {"jwk": {"kty": "OKP", "crv": "Ed25519", "x": "AAAA"}}, {"x5t": "AAAA"}, {"cty": "JWT"}, {"enc": "A256GCM"},
        {"alg": "ES256"}, {"alg": "Ed448"}, {"alg": "eddsa"}, {"alg": None}, {"alg": "RS256"}, {"nonce": url},
    )))  # fmt: skip


def key_ids(good: Good, choice: random.Random) -> str:
    """Well signed, under a key id that nobody has."""
    ours = str(good.header["kid"])
    return good.headed(kid=choice.choice((
        f"unknown-{choice.randrange(10**9)}", "", None, 7, ["x"], {"a": 1}, f"../{ours}", ours.upper() + "X",
        ours + " ",
        f"{ours}\0", "' OR 1=1 --", "x" * 5_000, ours[:-1], True,
    )))  # fmt: skip


def times(good: Good, choice: random.Random) -> str:
    """Well signed, and over, or of the future, or for too long, or at no time at all."""
    now = int(good.claims["iat"])
    odd: tuple[Any, ...] = ("soon", "", [], {}, -1, 10**30, -(10**30), 0, False, now - choice.randrange(10**6), 1e400)
    return good.saying(**choice.choice((
        {"exp": choice.choice(odd)}, {"exp": now + 66 + choice.randrange(10**6)},
        {"iat": now + 6 + choice.randrange(10**6)},
        {"iat": "now"}, {"iat": 10**30}, {"nbf": now + 10**9}, {"exp": None}, {"iat": None},
    )))  # fmt: skip


def claims(good: Good, choice: random.Random) -> str:
    """Well signed, and missing a claim, or with one that is another's or of another kind."""
    named = choice.choice(("iss", "aud", "exp", "iat", "sub", "ten", "knd", "prm", "tid", "cip"))
    issuer, audience = str(good.claims["iss"]), str(good.claims["aud"])
    return good.saying(**choice.choice((
        {named: None}, {"iss": choice.choice((issuer + "x", issuer[:-1], "x" + issuer, "", issuer.upper(),
        f"{issuer}\0"))},
        {"aud": choice.choice((audience + "x", audience[:-1], "", [], ["other"], {}, audience.upper(), 7))},
        {"ten": ""}, {"prm": 7}, {"app": 7}, {"app": ["web"]}, {"app": {"web": ["a1"]}}, {"sub": 7}, {"iss": [issuer]},
    )))  # fmt: skip


def said_twice(good: Good, choice: random.Random) -> str:
    """Well signed, with a claim or a header in it twice: parsers differ in which of them counts."""
    header, said = _json(good.header), _json(good.claims)
    if choice.random() < 0.3:
        return good.signed(header[:-1] + b',"alg":"EdDSA"}', said)
    name = choice.choice(("ten", "sub", "iss", "exp", "tid"))
    other = choice.choice((good.claims[name], "globex"))
    return good.signed(header, said[:-1] + b"," + _json({name: other})[1:])


def nested(good: Good, choice: random.Random) -> str:
    """JSON in JSON, very deep or very large, where a header or claims should be."""
    depth = choice.choice((100, 1_000, 10_000))
    deep = choice.choice((b"[" * depth + b"]" * depth, b'{"a":' * depth + b"1" + b"}" * depth, b"[" * depth))
    large = _json(good.claims)[:-1] + b',"x":"' + b"x" * choice.choice((10_000, 100_000)) + b'"}'
    header = _json(good.header)
    signature = good.text.rpartition(".")[2]
    return choice.choice((
        f"{_encoded(deep)}.{_encoded(_json(good.claims))}.{signature}",
        f"{_encoded(header)}.{_encoded(deep)}.{signature}",
        good.signed(deep, _json(good.claims)), good.signed(header, deep),
        f"{_encoded(header)}.{_encoded(large)}.{signature}",
        good.signed(_json(good.header | {"kid": good.text}), good.text.encode()), good.signed(header,
        good.text.encode()),
    ))  # fmt: skip


KINDS: Final[tuple[Kind, ...]] = (
    flipped_bits, other_characters, white_space, shapes, unsigned, macs, other_keys, malleable, serialised_anew,
    foreign_headers, key_ids, times, claims, said_twice, nested,
)  # fmt: skip

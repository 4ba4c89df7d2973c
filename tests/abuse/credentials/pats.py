"""Everything that is nearly a token, as the `authorization` headers of a request: one function a kind.

A header's value is bytes, as it is on the wire. None of these may be accepted.
"""

import base64
import random
import string
from collections.abc import Callable, Sequence
from typing import Final
from urllib.parse import quote

from services.tokens import pat

_ALNUM: Final = string.ascii_letters + string.digits
_WHITE: Final = ("\t", "\n", "\r", "\0", "\v", "\f", "\u00a0", "\u2003", "\u200b", "\ufeff", "\u3000", " ")
# What looks like a letter or digit of a token and is another: Cyrillic, Greek, full width, mathematical.
_LOOK_ALIKES: Final = dict(
    zip(
        "aeopcxyiABEHKM_",
        "\u0430\u0435\u043e\u0440\u0441\u0445\u0443\u0456\u0391\u0392\u0395\u0397\u212a\u039c\uff3f",
        strict=True,
    )
)
_SCHEMES: Final = (
    "", "Bearer", "Bearer\t", "Bearer,", "Bearer:", "Bearer=", "Bearer\u00a0", " Bearer ", "Token ", "Basic ",
    "bearerx ", "Bearer Bearer ", "Digest ", "Bea rer ", "\u0412earer ", "B\u0435arer ", "Bearer\0", "Negotiate ",
    "Bearer\r\n ", "Bearer+",
)  # fmt: skip

Headers = Sequence[bytes]
Kind = Callable[[str, random.Random], Headers]
"""Makes headers from the text of a living token."""


def _bearer(credential: str) -> Headers:
    return (b"Bearer " + credential.encode("utf-8", "surrogatepass"),)


def flipped_bits(token: str, choice: random.Random) -> Headers:
    """One to three bits of it."""
    raw = bytearray(token.encode())
    for _ in range(choice.randint(1, 3)):
        raw[choice.randrange(len(raw))] ^= 1 << choice.randrange(8)
    return (b"Bearer " + bytes(raw),)


def other_characters(token: str, choice: random.Random) -> Headers:
    """One to four characters replaced, all of them ones that a token may have."""
    found = list(token)
    for _ in range(choice.randint(1, 4)):
        found[choice.randrange(len(pat.PREFIX), len(found))] = choice.choice(_ALNUM)
    return _bearer("".join(found))


def lengths(token: str, choice: random.Random) -> Headers:
    """Characters left out, put in, added or cut off; the whole of it several times."""
    place = choice.randrange(len(token))
    more = "".join(choice.choice(_ALNUM) for _ in range(choice.choice((1, 2, 6, 36, 500, 7_000))))
    return _bearer(
        choice.choice((
            token[:place] + token[place + 1 :], token[:place] + more + token[place:], token + more, more + token,
            token[:place], token[place + 1 :], token * choice.randint(2, 9), token[::-1], pat.PREFIX, "", token[9:],
        ))
    )  # fmt: skip


def swapped_case(token: str, choice: random.Random) -> Headers:
    """Upper for lower case and lower for upper, of some letters or all."""
    letters = [place for place, letter in enumerate(token) if letter.isalpha()]
    chosen = set(choice.sample(letters, choice.randint(1, len(letters))))
    return _bearer("".join(letter.swapcase() if place in chosen else letter for place, letter in enumerate(token)))


def white_space(token: str, choice: random.Random) -> Headers:
    """A character that shows as none, within or at an end. Blanks at the ends are HTTP's own and mean nothing."""
    place = choice.randint(0, len(token))
    white = choice.choice(_WHITE[:-1] if place in (0, len(token)) else _WHITE)
    return _bearer(token[:place] + white + token[place:])


def look_alikes(token: str, choice: random.Random) -> Headers:
    """Letters that look the same to people; digits and letters of full width, which Python takes for digits."""
    places = [place for place, letter in enumerate(token) if letter in _LOOK_ALIKES or letter.isalnum()]
    found = list(token)
    for place in choice.sample(places, choice.randint(1, 3)):
        wide = chr(ord(found[place]) + 0xFEE0)
        found[place] = choice.choice((_LOOK_ALIKES.get(found[place], wide), wide, found[place] + "\u0301"))
    return _bearer("".join(found))


def encoded(token: str, choice: random.Random) -> Headers:
    """The token in another encoding, or with something around it."""
    raw = token.encode()
    return _bearer(
        choice.choice((
            "".join(f"%{byte:02x}" for byte in raw), quote(token).replace("_", "%5F"), base64.b64encode(raw).decode(),
            base64.urlsafe_b64encode(raw).decode(), base64.b32encode(raw).decode(), raw.hex(), "\\x" + raw.hex(),
            "".join(f"&#{byte};" for byte in raw), token.encode("utf-16-le").decode("latin-1"), f"b'{token}'",
            f'"{token}"', f"'{token}'", f"<{token}>", f"{token};", f"{token},", f"{token}==", f"{token}\\n",
            base64.b64encode(b"x:" + raw).decode(), token.replace("_", "-"), token.replace("paas_pat_", "PAAS_PAT_"),
        ))
    )  # fmt: skip


def several_headers(token: str, choice: random.Random) -> Headers:
    """More than one header, or several credentials in one."""
    good, bad = f"Bearer {token}".encode(), b"Bearer x"
    return choice.choice((
        (good, good), (good, bad), (bad, good), (good, b""), (b"", good), (good,) * 50,
        (good + b"," + good,), (good + b", " + bad,), (bad + b"," + good,), (good + b" " + good[7:],), (),
    ))  # fmt: skip


def other_schemes(token: str, choice: random.Random) -> Headers:
    """Another word before it, or none, or another separator."""
    return ((choice.choice(_SCHEMES) + token).encode(),)


def digests(token: str, choice: random.Random) -> Headers:
    """What the database holds of it, in the place of what it is the digest of."""
    digest = pat.digest(token)
    text = choice.choice((digest.hex(), base64.b64encode(digest).decode(), "\\x" + digest.hex(), digest.hex()[:36]))
    body = pat.PREFIX + digest.hex()[:30]
    return _bearer(choice.choice((text, pat.PREFIX + text, body + pat.checksum(body))))


def wrong_checksums(_token: str, choice: random.Random) -> Headers:
    """A token of the right form whose last six characters are another's."""
    body = _random_body(choice)
    while (check := "".join(choice.choice(_ALNUM) for _ in range(6))) == pat.checksum(body):
        pass
    return _bearer(body + check)


def never_made(_token: str, choice: random.Random) -> Headers:
    """A token of the right form and checksum that nobody was ever given: only a look-up can tell."""
    body = _random_body(choice)
    return _bearer(body + pat.checksum(body))


def _random_body(choice: random.Random) -> str:
    return pat.PREFIX + "".join(choice.choice(_ALNUM) for _ in range(30))


KINDS: Final[tuple[Kind, ...]] = (
    flipped_bits, other_characters, lengths, swapped_case, white_space, look_alikes, encoded, several_headers,
    other_schemes, wrong_checksums, digests, never_made,
)  # fmt: skip


def could_be_one(headers: Headers) -> bool:
    """Whether headers are one bearer with a right checksum, by the published rule, so that a look-up is in order."""
    if len(headers) != 1:
        return False
    scheme, _, credential = headers[0].partition(b" ")
    text = credential.strip(b" ").decode("latin-1")
    if scheme.lower() != b"bearer" or len(text) != 45 or not text.startswith(pat.PREFIX) or not text.isascii():
        return False
    return text[9:].isalnum() and pat.checksum(text[:-6]) == text[-6:]


def is_the_token(headers: Headers, token: str) -> bool:
    """Whether a change left it as it was."""
    return (
        len(headers) == 1
        and headers[0].partition(b" ")[2].strip(b" ") == token.encode()
        and (headers[0].partition(b" ")[0].lower() == b"bearer")
    )

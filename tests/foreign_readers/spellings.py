"""Lines as other tools and people write them, each about the variable `A`; `docs/dotenv.md` says who reads them how."""

from collections.abc import Mapping, Sequence
from typing import Final

SPELLINGS: Final[Mapping[str, Sequence[str]]] = {
    "Without quotes": (
        "A=x",
        "export A=x",
        "A = x",
        "A: x",
        "set A=x",
        "A",
        "A=",
        "A=x y",
        "A=x # y",
        "A=x#y",
        "A=#x",
        "A= #x",
        "A=a=b",
        "A=it's",
        "A=b'x'",
        "A=x;y",
        "A=x\\ny",
        "A=x\\",
        "A.b=x\nA=y",
    ),
    "Quotes": (
        "A='x'",
        'A="x"',
        "A=`x`",
        "A='x' # y",
        'A="x"#y',
        "A='x'#y",
        'A="x" y',
        "A='x'y",
        "A='a' 'b'",
        "A='x",
        'A="""x"""',
        "A='''x'''",
        "A='x\ny'",
        'A="x\ny"',
    ),
    "Escapes": (
        'A="x\\ny"',
        "A='x\\ny'",
        'A="a\\"b"',
        "A='a\"b'",
        "A='Let\\'s go'",
        "A='Let'\\''s go'",
        'A="it\\\'s"',
        'A="a\\\\b"',
        "A='a\\\\b'",
        'A="a\\db"',
        'A="C:\\\\"',
        'A="a\\\nb"',
    ),
    "What some fill in": (
        "A=abc$def",
        'A="abc$def"',
        "A='abc$def'",
        'A="abc\\$def"',
        "A=${B}/x",
        'A="${B}/x"',
        "A='${B}/x'",
        "A=${B:-x}",
        "A=$2a$08$qFF",
        "A='$2a$08$qFF'",
    ),
    "White space and line breaks": (
        "A=x\xa0",
        "A=\xa0x",
        'A="x"\xa0',
        "A=x\u2003",
        "A=\t x\t",
        "A=x\r\nB=y\r\n",
        'A="x\r\ny"\r\nB=y\r\n',
        "A=x\rB=y\r",
        "A=x\rB=y\nC=z",
        "\ufeffA=x",
        "B=y\n\ufeffA=x",
    ),
}
"""By what they are about."""


def as_file(spelling: str) -> str:
    """A file of such a line."""
    return spelling if spelling.endswith(("\r", "\n")) else f"{spelling}\n"

"""Plaintext that must not show: a wrapper whose text forms hide it. Only `reveal` gives it out."""

from typing import Final, NoReturn

MASK: Final = "•" * 16


class Plaintext:
    """The plaintext of a secret. `repr`, `str`, f-strings and logs show a mask; it cannot be pickled or hashed."""

    __slots__ = ("_text",)
    __hash__ = None  # type: ignore[assignment]  # a hash of a secret is a secret

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the plaintext. Every call site is a place where it leaves, so there are few."""
        return self._text

    @property
    def size(self) -> int:
        """Its length in UTF-8 bytes."""
        return len(self._text.encode())

    def __repr__(self) -> str:
        return MASK

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return MASK

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Plaintext) and other._text == self._text

    def __reduce__(self) -> NoReturn:
        raise TypeError("a plaintext is not serialised")

"""The words of a command line that is still being typed, as bash has it: one line, quotes open, cut at the cursor."""

from collections.abc import Iterator


def split(line: str) -> list[str]:
    """The words, quotes and backslashes taken off; the last is the one being typed, which may be empty."""
    words: list[str] = []
    word: list[str] = []
    quote = ""
    is_in_word = False
    characters = iter(line)
    for char in characters:
        if char == "\\" and quote != "'":
            word.append(_after_backslash(characters, quote))
            is_in_word = True
        elif char == quote:
            quote = ""
        elif quote:
            word.append(char)
        elif char in "'\"":
            quote, is_in_word = char, True
        elif char.isspace():
            if is_in_word:
                words.append("".join(word))
            word, is_in_word = [], False
        else:
            word.append(char)
            is_in_word = True
    return [*words, "".join(word)]


def _after_backslash(characters: Iterator[str], quote: str) -> str:
    char = next(characters, "")
    return char if not quote or char in '"\\$`' else f"\\{char}"


def broken_off(word: str, breaks: str) -> str:
    """What of a word bash leaves as it is: it takes words apart at `breaks` and replaces the last part."""
    at = max((word.rfind(char) for char in ":=@" if char in breaks), default=-1)
    return word[: at + 1]

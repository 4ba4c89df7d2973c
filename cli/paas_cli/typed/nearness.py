"""Which of the names there are was meant by one that is not there, as a question that can stand in a sentence."""

from collections.abc import Iterable

# As many letters are too many to be taken for another word.
_NO_SLIP = 3


def near(word: str, names: Iterable[str], *, most: int = 1) -> list[str]:
    """The names nearest to `word`, the nearest first, if any is near. Spelling in another case is nearest."""
    from difflib import get_close_matches

    folded = {name.upper(): name for name in names}
    slips = [name for name in folded if len(word) > 2 and distance(word.upper(), name) == 1]  # `wbe`: too short for it
    found = dict.fromkeys([*get_close_matches(word.upper(), list(folded), n=most, cutoff=0.7), *slips])
    return [folded[each] for each in found][:most]


def question(found: Iterable[str]) -> str:
    """`Did you mean A or B?`; empty for none."""
    from paas_cli.terminal.text import visible

    names = " or ".join(dict.fromkeys(map(visible, found)))
    return f"Did you mean {names}?" if names else ""


def asked(sentence: str, found: Iterable[str]) -> str:
    """`sentence` with the question after its first statement, before what it says to do instead."""
    ask = question(found)
    if not ask:
        return sentence
    first, dot, rest = sentence.partition(". ")
    return f"{first}. {ask} {rest}" if dot else f"{sentence} {ask}"


def distance(one: str, other: str) -> int:
    """How many letters are wrong, missing, too many or swapped with the next (optimal string alignment); 3: or more."""
    if abs(len(one) - len(other)) > 2:
        return _NO_SLIP
    before: list[int] = []
    last = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        row = [i]
        for j, b in enumerate(other, 1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        # What comes of two rows is never less than the least of them.
        if min(row) >= _NO_SLIP and min(last) >= _NO_SLIP:
            return _NO_SLIP
        before, last = last, row
    return last[-1]

"""What an unknown command may have been meant to be. Loaded only once one was typed.

First what people call the same thing elsewhere, then spelling. What is suggested is never more dangerous than what
was typed: a word that lists leads to nothing that writes, and a spelling leads to nothing that writes unless it is
that very command with a slip in it. Must not repeat a word that may be a value.
"""

import re
from collections.abc import Iterable, Sequence

from paas_cli.catalogue import ALIASES, ENTRIES, Danger
from paas_cli.mistyped import retyped
from paas_cli.mistyped.synonyms import ANSWERS, DANGERS, KINDS, NOUNS, SENTENCES, WHOLE
from paas_cli.terminal import hints
from paas_cli.typed.nearness import distance

# A word as commands are written, which may be repeated.
_WORD = re.compile(r"[a-z]+(?:[:-][a-z]+)*")
# Nouns that nobody means with a verb alone.
_ONE_OF_A_KIND = frozenset({"sign-in", "audit", "staged"})
# An app, a profile or an environment that may be repeated.
_CHOICE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def sentences(arguments: Sequence[str]) -> str:
    """What to say of a command line whose command is unknown: what it was, and what it may have been meant to be."""
    word = arguments[0]
    answer = _spaced(arguments) or _known(word) or _near(word.lower())
    shown = f"command `{word}`" if _WORD.fullmatch(word) and len(word) <= 32 else "such command"
    if answer is None:
        return f"There is no {shown}; `paas --help` lists them all."
    return f"There is no {shown}; {_worded(answer, arguments)}"


def instead_of_two_words(arguments: Sequence[str]) -> str | None:
    """What to say of `secrets delete X`, None where the second word means nothing here."""
    if (answer := _spaced(arguments)) is None:
        return None
    spaced = " ".join(arguments[:2])
    if isinstance(answer, list) and answer[0].replace(":", " ") == spaced:
        return f"Commands are written with a colon: {retyped.command(answer[0], arguments[2:])}."
    return f"There is no command `{spaced}`; {_worded(answer, arguments)}"


Answer = list[str] | str


def _known(word: str) -> Answer | None:
    """By what people call it: commands, or a sentence where none does it."""
    word = re.sub(r"[./_-]", ":", word.lower())
    if word in ENTRIES or word in ALIASES:
        return [ALIASES.get(word, word)]
    if word in WHOLE:
        return [WHOLE[word]] if WHOLE[word] in ENTRIES else WHOLE[word]
    noun, colon, verb = word.partition(":")
    if not colon:
        return _alone(word)
    kind, named = KINDS.get(verb), _noun(noun)
    if kind is None or named is None:
        return None
    if (named, kind) in SENTENCES:
        return SENTENCES[named, kind]
    command = ANSWERS.get((named, kind))
    return [command] if command and ENTRIES[command].danger <= DANGERS[kind] else None


def _alone(word: str) -> Answer | None:
    """A noun alone lists; a verb alone may be about several nouns."""
    if word in NOUNS:
        return [ANSWERS[NOUNS[word], "list"]]
    if word not in KINDS:
        return None
    kind = KINDS[word]
    found = [command for (noun, does), command in ANSWERS.items() if does == kind and noun not in _ONE_OF_A_KIND]
    return [command for command in dict.fromkeys(found) if ENTRIES[command].danger <= DANGERS[kind]] or None


def _noun(word: str) -> str | None:
    near = [known for known in NOUNS if len(known) > 3 and distance(word, known) == 1]
    return NOUNS.get(word) or (NOUNS[near[0]] if near else None)


def _spaced(arguments: Sequence[str]) -> Answer | None:
    """By the first two words, `config get` or `get config`."""
    first, second = [*arguments[:2], ""][:2]
    if not second.isalpha() or ":" in first:
        return None
    return _known(f"{first}:{second}") or _known(f"{second}:{first}")


def _near(word: str) -> Answer | None:
    """By spelling: the nearest command, of several the least dangerous."""
    candidates = [(distance(word, known), known) for known in (*ENTRIES, *ALIASES)]
    near = [(away, _danger(known), known) for away, known in candidates if _is_a_slip(word, known, away)]
    if near:
        return [ALIASES.get(near_one := min(near)[2], near_one)]
    from difflib import get_close_matches

    reading = [known for known in (*ENTRIES, *ALIASES) if _danger(known) is Danger.READ]
    close = get_close_matches(word, reading, n=1, cutoff=0.6)
    return [ALIASES.get(close[0], close[0])] if close else None


def _is_a_slip(word: str, known: str, away: int) -> bool:
    """One letter wrong, missing, too many or swapped; two where the command only reads or its verb is right."""
    same_verb = ":" in word and word.rpartition(":")[2] == known.rpartition(":")[2]
    return away <= (2 if same_verb or _danger(known) is Danger.READ else 1) and len(word) > 2


def _danger(command: str) -> Danger:
    return ENTRIES[ALIASES.get(command, command)].danger


def _worded(answer: Answer, arguments: Sequence[str]) -> str:
    if isinstance(answer, str):
        return re.sub(r"\{(.+?)\}", lambda found: _hint(found.group(1), arguments), answer)
    if len(answer) == 1:
        summary = ENTRIES[answer[0]].summary.rstrip(".")
        return f"did you mean {_hint(answer[0], arguments)} ({summary[0].lower()}{summary[1:]})?"
    return f"did you mean {', '.join(f'`{command}`' for command in answer[:-1])} or `{answer[-1]}`?"


def _hint(words: str, arguments: Sequence[str]) -> str:
    """The command with the app, the profile and the environment that were given, as far as these are plain words."""
    takes_app = ENTRIES[words.split(maxsplit=1)[0]].takes_app
    return hints.command(
        words,
        app=_given(arguments, "-a", "--app") if takes_app else None,
        profile=_given(arguments, "--profile"),
        env=_given(arguments, "--env"),
    )


def _given(arguments: Sequence[str], *options: str) -> str | None:
    found = None
    for option, value in _pairs(arguments):
        if option in options and _CHOICE.fullmatch(value):
            found = value
    return found


def _pairs(arguments: Sequence[str]) -> Iterable[tuple[str, str]]:
    for position, argument in enumerate(arguments):
        option, equals, value = argument.partition("=")
        if equals:
            yield option, value
        elif position + 1 < len(arguments):
            yield option, arguments[position + 1]

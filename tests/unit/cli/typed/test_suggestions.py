"""What an unknown command is told: the command that people mean by it, and never one that does more than was typed.

The words and what they ask for at the most are written down here once more, apart from the tables they check.
"""

import re
from collections.abc import Iterator

import pytest

from paas_cli import synonyms
from paas_cli.program import ALIASES, ENTRIES, Danger, program
from paas_cli.suggestions import sentences
from tests.fakes.platform import Platform
from tests.unit.cli.conftest import Paas

READ, WRITE, DESTROY = Danger.READ, Danger.WRITE, Danger.DESTROY
NOUNS = ("config", "env", "vars", "secrets", "secret", "app", "apps", "release", "releases", "token", "tokens", "audit")
VERBS = {
    READ: "ls list all show view get info describe inspect status cat print read reveal export pull dump whoami which",
    WRITE: "set put add create new make update edit change save scale restart redeploy reload import push upload login",
    DESTROY: "rm remove delete del unset drop destroy clear purge erase revoke rotate renew regenerate",
}
WORDS = {
    READ: "ps env vars get ls list logs log tail status info history who me help app secret token audits activity "
    "instances processes settings configuration applications let show dump foo web production x",
    WRITE: "restart redeploy deploy scale add create new put set edit update import push signin signout undo revert",
    DESTROY: "rm remove delete del unset drop destroy clear revoke rotate renew",
}


def suggested(said: str) -> set[str]:
    """The commands that a sentence names."""
    words = re.findall(r"`(?:paas )?([a-z:-]+)", said.partition(";")[2])
    return {word for word in words if word in ENTRIES}


def most(said: str) -> Danger:
    return max((ENTRIES[command].danger for command in suggested(said)), default=READ)


@pytest.mark.parametrize("danger", list(Danger))
def test_no_word_leads_to_more_than_it_asks_for(danger: Danger) -> None:
    typed = WORDS[danger].split() + [f"{noun}:{verb}" for noun in NOUNS for verb in VERBS[danger].split()]
    unknown = [word for word in typed if word not in ENTRIES and word not in ALIASES]
    assert [(word, sentences([word])) for word in unknown if most(sentences([word])) > danger] == []
    spaced = [word.split(":") for word in typed if ":" in word]
    both = [*spaced, *(words[::-1] for words in spaced)]
    assert [(words, sentences(words)) for words in both if most(sentences(words)) > danger] == []


def slips(command: str) -> Iterator[str]:
    """Every spelling with one letter missing, doubled, wrong, put in or swapped with the next."""
    for at in range(len(command)):
        yield command[:at] + command[at + 1 :]
        yield command[:at] + command[at] + command[at:]
        yield command[:at] + command[at + 1 : at + 2] + command[at] + command[at + 2 :]
        for letter in "enst":  # those that make one verb of another, `unset` of `set` and `get` of `set`
            yield command[:at] + letter + command[at + 1 :]
            yield command[:at] + letter + command[at:]


@pytest.mark.parametrize("command", sorted(ENTRIES))
def test_no_slip_leads_to_more_than_the_command_that_was_meant(command: str) -> None:
    unknown = {slip for slip in slips(command) if slip and slip not in ENTRIES and slip not in ALIASES}
    more = {slip: sentences([slip]) for slip in unknown}
    assert {slip: said for slip, said in more.items() if most(said) > ENTRIES[command].danger} == {}
    assert sum(command in suggested(said) for said in more.values()) > 0.8 * len(more)


def test_two_letters_too_few_lead_to_nothing_that_writes() -> None:
    """Two letters are as many as tell one verb from another, so what was meant is anybody's guess."""
    cut = {command[:-2] for command, entry in ENTRIES.items() if entry.danger > READ and ":" in command}
    unknown = sorted(cut - {*ENTRIES, *ALIASES})
    assert len(unknown) > 10
    assert [(word, sentences([word])) for word in unknown if most(sentences([word])) > READ] == []


@pytest.mark.parametrize(
    ("typed", "command"),
    [
        ("restart", "releases:create"),
        ("ps", "apps:info"),
        ("env", "config"),
        ("secrets:delete", "secrets:unset"),
        ("secrets:rm", "secrets:unset"),
        ("config:remove", "config:unset"),
        ("env:get", "config"),
        ("env:add", "config:set"),
        ("app:destroy", "apps:destroy"),
        ("apps:restart", "releases:create"),
        ("token:delete", "tokens:revoke"),
        ("secrets:show", "secrets:get"),
        ("secrets:info", "secrets"),
        ("vault:ls", "secrets"),
        ("confg:delete", "config:unset"),
        ("config-set", "config:set"),
        ("CONFIG:SET", "config:set"),
        ("config get", "config"),
        ("delete app", "apps:destroy"),
        ("secrets remove", "secrets:unset"),
        ("app restart", "releases:create"),
        ("logs", "apps:info"),
    ],
)
def test_what_people_call_it_elsewhere(paas: Paas, *, typed: str, command: str) -> None:
    result = paas(*typed.split())
    assert result.exit_code == 2
    assert suggested(result.err) == {command}


def test_a_verb_alone_is_about_several_things(paas: Paas) -> None:
    assert "did you mean `config:unset`, `secrets:unset`, `apps:destroy` or `tokens:revoke`?" in paas("rm", "A").err
    assert "did you mean `config`, `secrets`, `releases`, `apps:list`, `tokens:list` or `keys`?" in paas("ls").err


def test_what_nothing_does_has_a_sentence(paas: Paas) -> None:
    assert "secrets are never exported" in paas("secrets:export").err
    assert "secrets are never exported" in paas("secrets", "export").err
    assert "a release is never removed" in paas("releases:rm", "v1").err


def test_a_word_after_a_command_that_means_nothing_is_left_to_it(paas: Paas, signed_in: Platform) -> None:
    assert signed_in.apps
    assert "There are more arguments than this command takes." in paas("config", "web").err
    assert paas("config", "-a", "web").exit_code == 0


def test_the_app_and_the_profile_that_were_given_are_repeated(paas: Paas) -> None:
    for given in (("-a", "web", "--profile", "p"), ("--app=web", "--profile=p"), ("--profile", "p", "--app", "web")):
        assert "did you mean `paas releases:create -a web --profile p` (" in paas("restart", *given).err
    assert "did you mean `paas whoami --profile p` (" in paas("me", "-a", "web", "--profile", "p").err
    assert "did you mean `paas releases:create` (" in paas("restart", "-a", "a b", "--profile").err


@pytest.mark.parametrize(
    "word", ["hunter2", "c4n4ry", "STRIPE=sk_live_c4n4ry", "sk_live_0123456789c4n4ry", "c4n4ry:set"]
)
def test_a_word_that_may_be_a_value_is_not_repeated(paas: Paas, word: str) -> None:
    for arguments in ((word,), (word, "set"), ("set", word)):
        result = paas(*arguments)
        assert result.exit_code == 2
        assert "c4n4ry" not in result.err
        assert word not in result.err


def test_the_tables_agree() -> None:
    assert set(synonyms.ANSWERS.values()) <= set(ENTRIES)
    assert {kind for _, kind in synonyms.ANSWERS} <= set(synonyms.DANGERS) == set(synonyms.KINDS.values())
    assert {noun for noun, _ in synonyms.ANSWERS} == set(synonyms.NOUNS.values())
    group = program()
    for name, entry in ENTRIES.items():
        command = group.get_command(None, name)  # type: ignore[arg-type]
        assert command is not None
        assert entry.takes_app is any("--app" in param.opts for param in command.params), name

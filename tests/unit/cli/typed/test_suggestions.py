"""What an unknown command is told: the command that people mean by it, and never one that does more than was typed.

The words and what they ask for at the most are written down here once more, apart from the tables they check.
"""

import re
from collections.abc import Iterator

import pytest

from paas_cli.catalogue import ALIASES, ENTRIES, Danger
from paas_cli.mistyped import synonyms
from paas_cli.mistyped.suggestions import sentences
from paas_cli.program import program
from tests.fakes.platform import Platform
from tests.unit.cli.conftest import Paas

READ, WRITE, DESTROY = Danger.READ, Danger.WRITE, Danger.DESTROY
NOUNS = (
    "config",
    "env",
    "vars",
    "secrets",
    "secret",
    "group",
    "groups",
    "app",
    "apps",
    "release",
    "releases",
    "token",
    "tokens",
    "audit",
)
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


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(command, marks=() if number % 4 == 0 else pytest.mark.thorough)
        for number, command in enumerate(sorted(ENTRIES))
    ],
)
def test_no_slip_leads_to_more_than_the_command_that_was_meant(command: str) -> None:
    unknown = {slip for slip in slips(command) if slip and slip not in ENTRIES and slip not in ALIASES}
    more = {slip: sentences([slip]) for slip in unknown}
    assert {slip: said for slip, said in more.items() if most(said) > ENTRIES[command].danger} == {}
    if len(command) > 2:  # with a letter wrong, two letters say nothing
        assert sum(command in suggested(said) for said in more.values()) > 0.8 * len(more)


def test_two_letters_too_few_lead_to_nothing_that_writes() -> None:
    """Two letters are as many as tell one verb from another, so what was meant is anybody's guess."""
    cut = {command[:-2] for command, entry in ENTRIES.items() if entry.danger > READ and ":" in command}
    slips = {command[:-1] for command in ENTRIES}
    unknown = sorted(cut - {*ENTRIES, *ALIASES} - slips)
    assert len(unknown) > 10
    assert [(word, sentences([word])) for word in unknown if most(sentences([word])) > READ] == []


@pytest.mark.parametrize(
    ("typed", "command"),
    [
        ("reboot", "restart"),
        ("dynos", "ps"),
        ("env", "config"),
        ("secrets:delete", "secrets:unset"),
        ("secrets:rm", "secrets:unset"),
        ("config:remove", "config:unset"),
        ("env:get", "config:get"),
        ("env get", "config:get"),
        ("variable get", "config:get"),
        ("vars:edit", "config:edit"),
        ("env pull", "config:export"),
        ("env push", "config:import"),
        ("env diff", "config:diff"),
        ("secrets compare", "config:diff"),
        ("env copy", "config:copy"),
        ("vars:encrypt", "secrets:seal"),
        ("secret get", "secrets:get"),
        ("secrets deploy", "releases:create"),
        ("pipelines:promote", "promote"),
        ("env:add", "config:set"),
        ("app:destroy", "apps:destroy"),
        ("apps:restart", "restart"),
        ("token:delete", "tokens:revoke"),
        ("secrets:show", "secrets:get"),
        ("secrets:info", "secrets"),
        ("vault:ls", "secrets"),
        ("confg:delete", "config:unset"),
        ("config-set", "config:set"),
        ("CONFIG:SET", "config:set"),
        ("delete app", "apps:destroy"),
        ("secrets remove", "secrets:unset"),
        ("app restart", "restart"),
        ("tail", "logs"),
        ("config:push", "config:import"),
        ("env:pull", "config:export"),
        ("secrets upload", "secrets:import"),
        ("secrets:load", "secrets:import"),
        ("local", "run"),
        ("run:local", "run"),
        ("env exec", "run"),
        ("with-env", "run"),
        ("ssh console", "shell"),
        ("bash", "shell"),
        ("auth status", "auth"),
        ("account:login", "login"),
        ("profiles", "auth"),
        ("profile:use", "auth:switch"),
        ("auth:remove", "logout"),
        ("setup", "login"),
        ("configure", "login"),
        ("completions", "completion"),
        ("shared variables", "groups"),
        ("variable-groups", "groups"),
        ("env-groups", "groups"),
        ("envgroups link", "groups:attach"),
        ("group:unlink", "groups:detach"),
        ("group rm", "groups:destroy"),
        ("references", "groups"),
    ],
)
def test_what_people_call_it_elsewhere(paas: Paas, *, typed: str, command: str) -> None:
    result = paas(*typed.split())
    assert result.exit_code == 2
    assert suggested(result.err) == {command}


def test_the_words_of_a_command_without_its_colon(paas: Paas) -> None:
    assert "Commands are written with a colon: `paas secrets:import f.env`." in paas("secrets", "import", "f.env").err


def test_what_others_have_under_auth(paas: Paas) -> None:
    assert "Commands are written with a colon: `paas auth:switch`." in paas("auth", "switch").err
    assert paas("auth:whoami", "--help").lines[1:] == paas("whoami", "--help").lines[1:]
    assert paas("auth:login", "--help").lines[1:] == paas("login", "--help").lines[1:]


def test_a_verb_alone_is_about_several_things(paas: Paas) -> None:
    removing = "`config:unset`, `secrets:unset`, `schema:unset`, `groups:destroy`, `apps:destroy` or `tokens:revoke`"
    assert f"did you mean {removing}?" in paas("rm", "A").err
    listing = "`config`, `secrets`, `groups`, `releases`, `apps:list`, `tokens:list` or `keys`"
    assert f"did you mean {listing}?" in paas("ls").err


def test_what_nothing_does_has_a_sentence(paas: Paas) -> None:
    assert "secrets are never exported" in paas("secrets:export").err
    assert "secrets are never exported" in paas("secrets", "export").err
    assert "no file ever holds a secret" in paas("secrets", "edit").err
    assert "`paas config:copy --with-secrets`" in paas("secrets:copy").err
    assert "a release is never removed" in paas("releases:rm", "v1").err


def test_a_word_after_a_command_that_means_nothing_is_left_to_it(paas: Paas, signed_in: Platform) -> None:
    assert signed_in.apps
    assert "an app is named with -a: `paas config -a APP`." in paas("config", "web").err
    assert "There are more arguments than this command takes." in paas("whoami", "web").err
    assert paas("config", "-a", "web").exit_code == 0


def test_the_app_and_the_profile_that_were_given_are_repeated(paas: Paas) -> None:
    for given in (("-a", "web", "--profile", "p"), ("--app=web", "--profile=p"), ("--profile", "p", "--app", "web")):
        assert "did you mean `paas restart -a web --profile p` (" in paas("reboot", *given).err
    assert "did you mean `paas whoami --profile p` (" in paas("me", "-a", "web", "--profile", "p").err
    assert "did you mean `paas restart` (" in paas("reboot", "-a", "a b", "--profile").err


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

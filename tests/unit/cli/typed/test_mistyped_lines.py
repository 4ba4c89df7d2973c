"""Command lines whose parts stand in another order, or are another command's: what to type, ready to paste.

Covers that no value of a secret and nothing that may be one is repeated. Leaves out words for commands
(test_suggestions) and what is done with a line that is right.
"""

import shlex

import pytest

from tests.fakes.platform import Platform
from tests.unit.cli.conftest import Paas

RETYPED = [
    ("-a web config:set A=1", "paas config:set A=1 -a web"),
    ("-aweb config", "paas config -aweb"),
    ("--json config -a web", "paas config -a web --json"),
    ('--app=web --profile p config:set "A=it\'s"', "paas config:set 'A=it'\"'\"'s' --app=web --profile p"),
    ("--env staging secrets:get DB_URL", "paas secrets:get DB_URL --env staging"),
    ("-a web secrets:set DB_URL=hunter2", "paas secrets:set DB_URL -a web"),
    ("-a web secrets:set TLS_KEY=@server.key", "paas secrets:set TLS_KEY=@server.key -a web"),
    ("-a web config:set API_KEY=hunter2", "paas config:set ... -a web"),
    ("-a web secrets:get hunter2", "paas secrets:get ... -a web"),
    ("-a web run -- psql -W hunter2", "paas run -a web -- ..."),
    ("-a web confg", "paas config -a web"),
    ("config set A=1 -a web", "paas config:set A=1 -a web"),
    ("secrets get DB_URL --json", "paas secrets:get DB_URL --json"),
    ("secrets set DB_URL=hunter2", "paas secrets:set DB_URL"),
    ("config LOG_LEVEL -a web", "paas config:get LOG_LEVEL -a web"),
    ("secrets DB_URL", "paas secrets:get DB_URL"),
    ("releases v3 -a web", "paas releases:info v3 -a web"),
    ("config A=1", "paas config:set --help"),
    ("logs web", "paas logs -a APP"),
    ("apps:create --json", "paas apps:create NAME"),
    ("witness", "paas witness --key FILE"),
    ("tokens:create ci --ttl 90d", "paas tokens:create --ttl 90d --name NAME"),
    ("config:set JAVA_OPTS -Xmx512m -a web", "paas config:set JAVA_OPTS=-Xmx512m -a web"),
    ("config:set JAVA_OPTS=-Xmx512m -Xms1m", "paas config:set 'JAVA_OPTS=-Xmx512m -Xms1m'"),
    ("secrets:set JAVA_OPTS -Xhunter2 -a web", "paas secrets:set JAVA_OPTS -a web"),
]


@pytest.mark.parametrize(("typed", "hint"), RETYPED, ids=[typed for typed, _ in RETYPED])
def test_what_to_type(paas: Paas, home: object, typed: str, hint: str) -> None:
    assert home
    result = paas(*shlex.split(typed))
    assert (result.exit_code, result.out) == (2, "")
    assert f"`{hint}`" in result.err
    assert "hunter2" not in result.err
    assert result.err.count("\n") == 1


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("config:set a-b=2", "; write a_b."),
        ("config:set A 1", "a name and its value are one word, so write A=VALUE."),
        ("config:set A = 1", "a name and its value are one word, so write A=VALUE."),
        ("config:set -Xmx=1", "is written after its name and `=`, as in JAVA_OPTS=-Xmx512m."),
        ("secrets:set -Xmx", "is written after its name and `=`, as in JAVA_OPTS=-Xmx512m."),
        ("secrets:set DB_PASSWORD hunter2", "argument 2 could be a value, which is written NAME=VALUE"),
        ("secrets:seal A --yes", "There is no option --yes. See"),
        ("--jsn config", "`paas` itself has no option --jsn; options come after the command."),
        ("tokens:create --name ci --ttl 90", "--ttl has no unit: it takes a whole number and s, m, h, d or w"),
    ],
)
def test_what_a_word_has_to_be(paas: Paas, signed_in: Platform, typed: str, words: str) -> None:
    result = paas(*shlex.split(typed))
    assert result.exit_code in (1, 2)
    assert words in result.err
    assert "hunter2" not in result.err
    assert signed_in.gateway.seen == []

"""A word that may be a value is counted in an error and never repeated, wherever it was put.

Covers every command about secrets and tokens in every place a word can stand, what a server's sentence repeats, and
names that people know again, which are shown.
"""

import pytest

from paas_cli.typed.credentials import is_plainly_a_name, masked, may_be_a_value
from tests.fakes.gateway import Fault
from tests.fakes.platform import Platform
from tests.unit.cli.conftest import Paas

# Words with the form of a token, or of random bytes.
TOKENS = [
    "sk_live_0123456789abcdef",
    "rk_test_0123456789abcdef",
    "ghp_" + "a1B2" * 9,
    "github_pat_" + "a1B2" * 9,
    "AKIAIOSFODNN7EXAMPLE",
    "npm_" + "a1B2" * 9,
    "paas_pat_" + "a1B2" * 9,
    "whsec_" + "a1B2" * 8,
    "dckr_pat_" + "a1B2" * 8,
    "hf_" + "a1B2" * 8,
    "a94a8fe5ccb19ba61c4c0873d391e987982fbbd3",
    "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY",
]
# Words that could be a password as well as a name.
WORDS = ["hunter2", "correcthorsebatterystaple", "Passw0rd", "tr0ub4dor_And_3", "JBSWY3DPEHPK3PXP", "aHVudGVyMg=="]
NAMES = ["A", "HOST", "API_KEY", "DATABASE_URL", "S3_BUCKET", "OAUTH2_CLIENT_ID", "K8S", "http_proxy", "db_password_2",
         "_PRIVATE", "AWS_SECRET_ACCESS_KEY", "X509_CERT", "V1234"]  # fmt: skip


def test_names_are_known_again(paas: Paas, signed_in: Platform) -> None:
    for word in NAMES:
        assert is_plainly_a_name(word)
        assert not may_be_a_value(word)
        assert f"{word} has no value" in paas("secrets:set", word).err
        assert f"{word} is not NAME=value" in paas("config:set", word).err
    assert signed_in.gateway.seen == []


def test_a_token_is_known_again() -> None:
    assert [word for word in TOKENS if is_plainly_a_name(word) or not may_be_a_value(word)] == []
    assert [word for word in WORDS if is_plainly_a_name(word)] == []


@pytest.mark.parametrize("word", [*TOKENS, *WORDS])
def test_it_is_not_repeated_wherever_it_stands(paas: Paas, signed_in: Platform, word: str) -> None:
    signed_in.apps["web"].secrets["K"] = "1"
    for arguments in (
        ("secrets:set", word),
        ("secrets:set", "FLY=abc", word),
        ("secrets:set", word, word),
        ("secrets:set", "K=-", word),
        ("secrets:set", f"PATH={word}", word),
        ("secrets:get", "K", word),
        ("secrets:rotate", "K", word),
        ("secrets:rotate", "K", "--length", word),
        ("secrets:rotate", "K", "--format", word),
        ("secrets:rotate", "K", "--overlap", word),
        ("secrets:rotate", "K", f"--{word}"),
        ("secrets:rotate", "K", "--value-file", word),
        ("secrets:set", f"K=@{word}"),
        ("secrets", word),
        ("secrets", "-a", "web", word),
        ("tokens:create", "--name", "ci", "--ttl", word),
        ("tokens:create", "--name", "ci", word),
        ("tokens:create", word),
        ("tokens:list", word),
        ("tokens:revoke", "ci", word),
        ("config:set", "A=1", word.rstrip("=")),  # `x==` is an assignment there
        ("config:set", word.rstrip("=")),
        ("config:unset", "A", "not-a-name", word),
        ("login", word),
        ("login", "--with-token", word),
        ("whoami", word),
        ("audit", "-n", word),
        ("releases:info", word),
        ("rollback", word),
    ):
        result = paas(*arguments, "--debug")
        assert result.exit_code in (1, 2), arguments
        assert word.rstrip("=") not in result.out + result.err, arguments
    assert signed_in.gateway.seen == []


def test_a_token_in_a_names_place_is_not_sent_and_not_asked_for(paas: Paas, signed_in: Platform) -> None:
    for word in TOKENS:
        for name, argument in (("set", word), ("set", f"{word}=1"), ("get", word), ("rotate", word)):
            result = paas(f"secrets:{name}", argument)
            assert result.exit_code == 2
            assert word not in result.err
        assert paas("secrets:set", "FLY=abc", word).err == (
            "error: Nothing was changed: argument 2 looks like a value and not like a name: write NAME=-, NAME=@path "
            "or NAME=value.\n"
        )
    assert signed_in.gateway.seen == []


def test_a_server_that_repeats_it_is_not_repeated(paas: Paas, signed_in: Platform) -> None:
    """Unsetting what was once stored under such a name has to work, so it is sent."""
    for word in TOKENS:
        for name in ("secrets:unset", "config:unset"):
            result = paas(name, "A", word)
            assert result.exit_code == 1
            assert word not in result.err
            assert "argument 2" in result.err
        signed_in.apps["web"].secrets[word] = "1"
        assert paas("secrets:unset", word, "--no-wait").exit_code == 0
    assert signed_in.apps["web"].secrets == {}


def test_the_last_guard_masks_tokens_in_every_sentence(paas: Paas, signed_in: Platform) -> None:
    for word in TOKENS[:10]:  # the others have no published form
        fault = Fault(3, f"There is no {word} here.", reason="X", violations=(("name", f"{word} is odd"),))
        for method in ("ListVars", "ListSecrets", "CreateToken"):
            signed_in.gateway.fail(method, fault)
        for arguments in (("config",), ("secrets",), ("tokens:create", "--name", word), ("config", "--profile", word)):
            result = paas(*arguments)
            assert result.exit_code != 0
            assert word not in result.err, arguments
        assert word not in paas("config:set", f"{word}=1", "--dry-run").err  # which warns
        assert masked(f"<{word}>") == f"<{'•' * 16}>"


def test_what_stands_before_a_value_is_a_name(paas: Paas, signed_in: Platform) -> None:
    result = paas("config:set", "lower=1", "1BAD=2", "foo-bar=3", "lower=4")
    for words in ("1BAD is not a name", "foo-bar is not a name", "lower is given twice"):
        assert words in result.err
    assert "lower is given twice" in paas("secrets:set", "lower=1", "lower=2").err
    assert "argument 2 is given twice" in paas("secrets:unset", "lower", "lower").err
    assert signed_in.gateway.seen == []


def test_a_long_name_is_looked_at_in_no_time() -> None:
    assert not is_plainly_a_name("A_" * 60 + "a")

"""Config vars: listing, setting, unsetting; what a change prints and how it ends.

Leaves out files of variables (test_import_export) and following a release (test_follow).
"""

import json

from tests.fakes.gateway import Fault
from tests.fakes.platform import Platform
from tests.unit.cli.conftest import Paas


def test_set_prints_what_changed_and_each_state_of_its_release(paas: Paas, signed_in: Platform) -> None:
    signed_in.apps["web"].vars["A"] = "1"
    result = paas("config:set", "A=1", "B=2", "C=a=b", "D=")
    assert result.exit_code == 0
    assert result.out == ("Set B, C, D · release v1\nv1 succeeded\n")
    assert result.err == "v1 queued\nv1 running 0/2\nv1 running 1/2\nv1 running 2/2\n"
    assert signed_in.apps["web"].vars == {"A": "1", "B": "2", "C": "a=b", "D": ""}


def test_a_change_of_nothing_is_no_change(paas: Paas, signed_in: Platform) -> None:
    signed_in.apps["web"].vars["A"] = "1"
    result = paas("config:set", "A=1")
    assert (result.exit_code, result.out) == (0, "No change\n")
    assert signed_in.apps["web"].releases == {}


def test_dash_and_at_are_literal_in_config(paas: Paas, signed_in: Platform) -> None:
    assert paas("config:set", "A=-", "B=@/etc/passwd", stdin=b"no").exit_code == 0
    assert signed_in.apps["web"].vars == {"A": "-", "B": "@/etc/passwd"}


def test_every_bad_item_is_named_and_nothing_is_sent(paas: Paas, signed_in: Platform) -> None:
    result = paas("config:set", "GOOD=1", "1BAD=2", "PATH=3", "LD_X=4", "BARE", "GOOD=5", f"{'L' * 129}=6")
    assert result.exit_code == 2
    for name in ("1BAD", "PATH", "LD_X", "BARE", "GOOD is given twice", "L" * 129):
        assert name in result.err
    assert signed_in.gateway.calls("SetVars") == []


def test_a_name_against_the_rules_is_refused(paas: Paas, signed_in: Platform) -> None:
    result = paas("config:set", "PORT=1", "OK=2")
    assert result.exit_code == 1
    assert result.err == "error: Nothing was changed: PORT is reserved for the platform.\n"
    assert signed_in.gateway.calls("SetVars") == []


def test_a_value_too_long_is_named_and_not_shown(paas: Paas, signed_in: Platform) -> None:
    exact, over = "x" * 65536, "y" * 65537
    assert paas("config:set", f"BIG={exact}").exit_code == 0
    assert signed_in.apps["web"].vars["BIG"] == exact
    result = paas("config:set", f"BIGGER={over}")
    assert result.exit_code == 1
    assert "BIGGER" in result.err
    assert "yyyy" not in result.err


def test_bytes_that_are_not_utf8_name_the_variable(paas: Paas, signed_in: Platform) -> None:
    result = paas("config:set", "A=\udcff\udcfe")
    assert result.exit_code == 2
    assert "The value of A is not UTF-8" in result.err
    assert signed_in.gateway.seen == []


def test_credential_look_alikes_warn_without_the_value_and_obey(paas: Paas, signed_in: Platform) -> None:
    by_value = "ghp_" + "a1B2" * 9
    result = paas("config:set", "STRIPE_API_KEY=hunter2-hunter2", f"INNOCENT={by_value}", "NODE_ENV=x", "-a", "web")
    assert result.exit_code == 0
    assert "`paas secrets:set STRIPE_API_KEY INNOCENT -a web`" in result.err
    assert "hunter2" not in result.err
    assert by_value not in result.err
    assert "NODE_ENV" not in result.err
    assert signed_in.apps["web"].vars["STRIPE_API_KEY"] == "hunter2-hunter2"


def test_stage_no_wait_and_pending(paas: Paas, signed_in: Platform) -> None:
    staged = paas("config:set", "A=1", "--stage")
    assert staged.out == "Set A · staged; `paas releases:create -a web` releases it\n"
    assert paas("config:set", "A=2", "--no-wait").out == "Set A · release v1\n"
    signed_in.releaser_is_up = False
    pending = paas("config:set", "A=3")
    assert pending.exit_code == 0
    assert pending.out.startswith("Set A · release pending: the releaser is unavailable")
    assert signed_in.gateway.calls("WatchRelease") == []


def test_dry_run_shows_values_but_not_credentials(paas: Paas, signed_in: Platform) -> None:
    signed_in.apps["web"].vars["OLD"] = "1"
    result = paas("config:set", "NEW=x", "OLD=2", "API_TOKEN=hunter2", "--dry-run")
    assert result.out == (
        f"Would add NEW=x\nWould change OLD=2\nWould add API_TOKEN={'•' * 16}\nA release would follow\n"
    )
    assert signed_in.apps["web"].vars == {"OLD": "1"}
    assert paas("config:set", "OLD=1", "--dry-run").out == "No change\n"
    assert paas("config:unset", "OLD", "--dry-run", "--stage").out == "Would remove OLD\nNo release would follow\n"


def test_unset_of_a_name_that_is_not_set(paas: Paas, signed_in: Platform) -> None:
    signed_in.apps["web"].vars["A"] = "1"
    refused = paas("config:unset", "A", "NOPE")
    assert refused.exit_code == 1
    assert "NOPE" in refused.err
    assert signed_in.apps["web"].vars == {"A": "1"}
    assert paas("config:unset", "NOPE", "--ignore-missing").out == "No change\n"
    assert paas("config:unset", "A", "NOPE", "--ignore-missing", "--no-wait").out == "Unset A · release v1\n"


def test_a_managed_name_is_refused_in_the_servers_words(paas: Paas, signed_in: Platform) -> None:
    signed_in.apps["web"].managed["DATABASE_URL"] = "postgres://..."
    result = paas("config:set", "DATABASE_URL=postgres://mine")
    assert result.exit_code == 1
    assert result.err == "error: DATABASE_URL is managed by the add-on db.\n"


def test_one_variable_is_one_line_whatever_its_value(paas: Paas, signed_in: Platform) -> None:
    web = signed_in.apps["web"]
    web.vars = {"PEM": 'a\nb"\\', "QUOTED": '"x"', "PLAIN": "it's 1 \\n"}
    assert paas("config").lines == ['PEM="a\\nb\\"\\\\"', 'QUOTED="\\"x\\""', "PLAIN=it's 1 \\n"]


def test_json(paas: Paas, signed_in: Platform) -> None:
    web = signed_in.apps["web"]
    web.vars, web.managed = {"A": "1\n2"}, {"DATABASE_URL": "postgres://..."}
    assert json.loads(paas("config", "--json").out) == {
        "app": "web",
        "version": 1,
        "vars": [
            {
                "name": "A",
                "value": "1\n2",
                "kind": "config",
                "addon": None,
                "version": 1,
                "updated_at": "2026-05-08T13:42:00Z",
                "updated_by": "user:ada@example.com",
            },
            {
                "name": "DATABASE_URL",
                "value": "postgres://...",
                "kind": "managed",
                "addon": "db",
                "version": 0,
                "updated_at": None,
                "updated_by": None,
            },
        ],
        "staged": [],
        "groups": [],
    }
    change = json.loads(paas("config:set", "B=1", "--json").out)
    assert change["changes"] == [{"name": "B", "action": "added"}]
    assert change["release"]["state"] == "succeeded"
    dry = json.loads(paas("config:unset", "B", "--dry-run", "--json").out)
    assert (dry["dry_run"], dry["would_release"], dry["release"]) == (True, True, None)


def test_a_retry_carries_the_same_request_id(paas: Paas, signed_in: Platform) -> None:
    signed_in.gateway.fail("SetVars", Fault(14, "", reason="UNAVAILABLE", metadata={"service": "tokens"}), times=2)
    assert paas("config:set", "A=1").exit_code == 0
    ids = [request.request_id for request in signed_in.gateway.calls("SetVars")]
    assert len(ids) == 3
    assert len(set(ids)) == 1

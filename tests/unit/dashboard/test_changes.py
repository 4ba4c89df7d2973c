"""Verdicts on what somebody pasted, and what is made of them. Leaves out the services' own judgement (tests/e2e)."""

import json
from datetime import UTC, datetime

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from google.rpc import code_pb2
from paas.config.v1 import config_pb2
from paas.releaser.v1 import releaser_pb2
from paas.releaser.v1.releaser_pb2 import Instance, Release
from paas.secrets.v1 import secrets_pb2

from dashboard.calls.apps import Variables
from dashboard.calls.refusals import Refusal
from dashboard.variables.carried import NOT_YET, Carried, Carriers
from dashboard.variables.changes import SET, UNSET, Verdict, Wanted, add, chosen, fault_of, opened, verdicts, written
from dashboard.variables.saving import Saving
from dashboard.variables.table import CONFIG, MANAGED, SECRET, rows

AT = Timestamp(seconds=1_790_000_000)
CANARY = "c4n4ry-value"


def variables() -> Variables:
    """An app with one of each kind, and something staged for two of them."""
    return Variables(
        config=[
            config_pb2.Var(
                name="LOG_LEVEL",
                value="info",
                kind=config_pb2.VAR_KIND_CONFIG,
                version=4,
                updated_at=AT,
                updated_by="user:bob",
            ),
            config_pb2.Var(
                name="DATABASE_URL", value="postgres://...", kind=config_pb2.VAR_KIND_MANAGED, addon="postgres"
            ),
        ],
        staged_config=[
            config_pb2.StagedVar(
                name="NEW", value="1", action=config_pb2.ACTION_ADDED, staged_by="user:bob", staged_at=AT
            ),
            config_pb2.StagedVar(
                name="LOG_LEVEL", value="warn", action=config_pb2.ACTION_CHANGED, staged_by="user:bob", staged_at=AT
            ),
        ],
        secrets=[secrets_pb2.Secret(name="API_KEY", version=3, updated_at=AT, previous_until=AT)],
        staged_secrets=[
            secrets_pb2.StagedSecret(
                name="API_KEY", action=config_pb2.ACTION_REMOVED, staged_by="user:bob", staged_at=AT
            )
        ],
        etag="e",
    )


def judged(name: str, value: str = "", *, action: str = SET, kind: str = "") -> Verdict:
    (verdict,) = verdicts([Wanted(name=name, action=action, value=value, kind=kind)], variables())
    return verdict


@pytest.mark.parametrize("name", ["PORT", "PATH", "HOME", "PAAS_TOKEN", "KUBERNETES_PORT"])
def test_what_the_platform_sets_is_left_out_of_a_paste_and_refused_by_itself(name: str) -> None:
    pasted = Wanted(name=name, action=SET, value="x", line=3)
    (verdict,) = verdicts([pasted], variables())
    assert (verdict.outcome, verdict.counts) == ("left out", False)
    assert Saving.of([verdict], app="web", stage=False, request_id="r", etag="e").groups == 0
    assert judged(name, "x").outcome == "refused"


def test_what_the_linker_reads_is_refused_in_a_paste_as_well() -> None:
    (verdict,) = verdicts([Wanted(name="LD_PRELOAD", action=SET, value="x", line=3)], variables())
    assert (verdict.outcome, verdict.problem) == ("refused", "is reserved for the platform")


@pytest.mark.parametrize(
    ("name", "value", "outcome", "kind"),
    [
        ("FEATURE", "on", "new", CONFIG),
        ("FEATURE", "", "new", CONFIG),
        ("LOG_LEVEL", "debug", "changed", CONFIG),
        ("LOG_LEVEL", "info", "same", CONFIG),
        ("API_KEY", "x", "changed", SECRET),
        ("NEW_TOKEN", "x", "new", SECRET),
        ("WHATEVER", "sk_live_0123456789abcdef", "new", SECRET),
        ("PORT", "80", "refused", CONFIG),
        ("PAAS_APP", "x", "refused", CONFIG),
        ("1ST", "x", "refused", CONFIG),
        ("A", "x\0y", "refused", CONFIG),
        ("A", "x" * 65_537, "refused", CONFIG),
        ("DATABASE_URL", "x", "refused", MANAGED),
        ("NEW", "2", "new", CONFIG),  # which is only staged
    ],
)
def test_what_becomes_of_a_row(name: str, value: str, outcome: str, kind: str) -> None:
    verdict = judged(name, value)
    assert (verdict.outcome, verdict.kind) == (outcome, kind)
    assert bool(verdict.problem) is (outcome == "refused")
    assert verdict.counts is (outcome in ("new", "changed"))


@pytest.mark.parametrize(
    ("name", "outcome"),
    [("LOG_LEVEL", "removed"), ("API_KEY", "removed"), ("DATABASE_URL", "refused"), ("ABSENT", "refused")],
)
def test_what_becomes_of_one_to_be_unset(name: str, outcome: str) -> None:
    assert judged(name, action=UNSET).outcome == outcome


def test_somebody_may_choose_but_not_what_is_settled() -> None:
    plain = judged("NEW_TOKEN", "x", kind=CONFIG)
    assert (plain.kind, plain.suspicious) == (CONFIG, True)
    assert judged("FEATURE", "on", kind=SECRET).kind == SECRET
    assert judged("LOG_LEVEL", "debug", kind=SECRET).kind == CONFIG
    assert judged("API_KEY", "x", kind=CONFIG).kind == SECRET


def test_the_later_counts_in_the_place_of_the_earlier() -> None:
    first = [Wanted(name="A", action=SET, value="1", kind=SECRET), Wanted(name="B", action=SET, value="2")]
    both = add(first, [Wanted(name="A", action=SET, value="3"), Wanted(name="C", action=UNSET)])
    assert [(each.name, each.value, each.kind) for each in both] == [("A", "3", SECRET), ("B", "2", ""), ("C", "", "")]


def test_what_is_pending_has_a_bound() -> None:
    assert fault_of([Wanted(name=f"A{number}", action=SET) for number in range(1000)]) == ""
    assert "1000 changes" in fault_of([Wanted(name=f"A{number}", action=SET) for number in range(1001)])
    assert "1 MiB" in fault_of([Wanted(name=f"A{number}", action=SET, value="é" * 32_768) for number in range(16)])


def test_choices_are_kept_and_leave_out() -> None:
    pending = [Wanted(name=name, action=SET, value="1") for name in ("A", "B", "C")]
    kept = chosen(pending, {"A": SECRET, "B": "drop", "C": "nonsense"})
    assert [(each.name, each.kind) for each in kept] == [("A", SECRET), ("C", "")]


def test_what_is_written_is_read_again_and_shown_nowhere() -> None:
    pending = [Wanted(name="A", action=SET, value=CANARY, kind=SECRET, line=3), Wanted(name="B", action=UNSET)]
    assert opened(json.loads(json.dumps(written(pending)))) == pending
    assert CANARY not in repr(pending) + repr(verdicts(pending, variables()))


def test_one_table_has_all_kinds_and_what_is_staged() -> None:
    table = {row.name: row for row in rows(variables())}
    assert list(table) == ["API_KEY", "DATABASE_URL", "LOG_LEVEL", "NEW"]
    assert [row.kind for row in table.values()] == [SECRET, MANAGED, CONFIG, CONFIG]
    assert table["NEW"].is_new
    log_level, api_key = table["LOG_LEVEL"].staged, table["API_KEY"]
    assert log_level is not None
    assert (log_level.value, log_level.by) == ("warn", "user:bob")
    assert api_key.staged is not None
    assert (api_key.staged.action, api_key.value, api_key.version) == ("removed", "", 3)
    assert api_key.previous_until == datetime.fromtimestamp(AT.seconds, UTC)
    since = datetime.fromtimestamp(AT.seconds, UTC)
    changed = {name: (row.version, row.updated_at, row.updated_by) for name, row in table.items()}
    assert changed["LOG_LEVEL"] == (4, since, "user:bob")
    assert changed["API_KEY"] == (3, since, "")
    assert changed["DATABASE_URL"] == changed["NEW"] == (0, None, ""), "what is not known is not made up"
    assert {row.carried for row in table.values()} == {None}, "nobody looked at what runs"


def test_the_table_says_what_runs_where_it_was_looked_at() -> None:
    releases = [Release(number=2, config_version=4, secrets_version=2, state=releaser_pb2.STATE_SUCCEEDED)]
    carriers = Carriers(releases, [Instance(index=1, release=2, state="ready")])
    table = {row.name: row.carried for row in rows(variables(), carriers)}
    assert table == {
        "LOG_LEVEL": Carried(release=2, instances=1),
        "API_KEY": NOT_YET,
        "DATABASE_URL": None,
        "NEW": None,
    }


def test_lists_that_may_not_be_seen_are_not_empty_ones() -> None:
    nothing = Variables(config=None, staged_config=(), secrets=None, staged_secrets=(), etag="")
    assert list(rows(nothing)) == []


def saving(*wanted: Wanted) -> Saving:
    return Saving.of(verdicts(wanted, variables()), app="web", stage=False, request_id="r", etag="e")


def test_each_call_gets_its_own() -> None:
    made = saving(
        Wanted(name="FEATURE", action=SET, value="on"),
        Wanted(name="LOG_LEVEL", action=SET, value="info"),  # the same, so nothing
        Wanted(name="API_KEY", action=UNSET),
        Wanted(name="OTHER_KEY", action=SET, value="x"),
    )
    assert [each.name for each in made.set_config] == ["FEATURE"]
    assert [each.name for each in made.set_secrets] == ["OTHER_KEY"]
    assert [each.name for each in made.unset_secrets] == ["API_KEY"]
    assert (list(made.unset_config), made.groups) == ([], 3)


def test_the_parts_of_one_form_have_ids_of_their_own_that_stay() -> None:
    made = saving(Wanted(name="FEATURE", action=SET, value="on"))
    names = ("set config", "unset config", "set secrets", "unset secrets", "release")
    assert len(set(map(made.part, names))) == 5
    assert made.part("release") == saving(Wanted(name="X", action=SET)).part("release")
    assert all(len(made.part(name)) == 32 for name in names)


def test_what_is_refused_is_said_of_its_row() -> None:
    made = saving(Wanted(name="A1", action=SET, value="1"), Wanted(name="A2", action=SET, value="2"))
    fields = {"vars[1].value": "is too long", "vars[9].name": "is none", "request_id": "is none", "vars[x]": "?"}
    refusal = Refusal(code=code_pb2.INVALID_ARGUMENT, sentence="No.", fields=fields)
    assert made.problems(refusal) == {"A2": "is too long"}

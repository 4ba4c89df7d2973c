"""What a change does: nothing, a stage, a dry run, one release; which app it is about; its JSON and its exit code.

Leaves out values and files (`test_values`), tokens (`test_tokens`) and services that are away (`test_outages`).
"""

from concurrent.futures import ThreadPoolExecutor

from tests.e2e.installation import (
    Installation,
    Paas,
    config_of,
    environments,
    eventually,
    releases,
    secret_names,
    settled,
    told,
)

MASK = "•" * 16


def test_what_changes_nothing_leaves_nothing(idle: Paas) -> None:
    idle.ok("config:set", "A=1", "--no-wait")
    # Each service tells what happened in it in order, but not before or after what happened in others.
    assert eventually(lambda: told(idle) == ["apps.create", "config.set"])
    idle.ok("secrets:set", "S=1", "--no-wait")
    before = len(settled(idle))
    assert eventually(lambda: told(idle) == ["apps.create", "config.set", "secrets.set"])
    versions = idle.ok("config", "--json").document["version"], idle.ok("secrets", "--json").document["version"]
    for arguments in (
        ("config:set", "A=1"),
        ("secrets:set", "S=1"),
        ("config:unset", "NOPE", "--ignore-missing"),
        ("secrets:unset", "NOPE", "--ignore-missing"),
    ):
        assert idle.ok(*arguments).out == "No change\n"
    assert len(releases(idle)) == before
    assert (
        idle.ok("config", "--json").document["version"],
        idle.ok("secrets", "--json").document["version"],
    ) == versions
    for noun in ("config", "secrets"):
        missing = idle(f"{noun}:unset", "NOPE")
        assert missing.exit_code == 1
        assert "NOPE" in missing.err
    # Had there been others of secrets they would be before this one, and those of config are waited for.
    idle.ok("secrets:get", "S")
    assert eventually(lambda: told(idle)[-1] == "secrets.get")
    assert told(idle) == ["apps.create", "config.set", "secrets.set", "secrets.get"]


def test_staged_config_and_secrets_go_out_as_one_release(paas: Paas) -> None:
    before = len(releases(paas))
    staged = paas.ok("config:set", "STAGED=1", "--stage")
    app = paas.environment["PAAS_APP"]
    assert staged.out == f"Set STAGED · staged; `paas releases:create -a {app}` releases it\n"
    paas.ok("secrets:set", "STAGED_TOO=2", "--stage")
    assert len(releases(paas)) == before
    assert all("STAGED" not in environment for environment in environments(paas))
    created = paas.ok("releases:create")
    assert created.lines[-1] == f"v{before + 1} succeeded"
    assert len(releases(paas)) == before + 1
    for environment in environments(paas):
        assert (environment["STAGED"], environment["STAGED_TOO"]) == ("1", "2")


def test_no_wait_does_not_watch(paas: Paas) -> None:
    run = paas.ok("config:set", "A=1", "--no-wait")
    assert run.out == "Set A · release v2\n"
    document = paas.ok("config:set", "A=2", "--no-wait", "--json").document
    assert (document["release_status"], document["release"]) == ("queued", {"number": 3})


def test_a_dry_run_only_tells(idle: Paas) -> None:
    idle.ok("config:set", "A=1", "B=1", "--no-wait")
    idle.ok("secrets:set", "S=1", "--no-wait")
    settled(idle)
    before = idle.ok("config", "--json").document, len(releases(idle))
    shown = idle.ok("config:set", "A=2", "B=1", "C=3", "--dry-run").out
    assert shown == "Would change A=2\nWould add C=3\nA release would follow\n"
    assert idle.ok("config:unset", "A", "--dry-run").out == "Would remove A\nA release would follow\n"
    shown = idle.ok("secrets:set", "S=2", "T=1", "--dry-run", "--stage").out
    assert shown == f"Would change S={MASK}\nWould add T={MASK}\nNo release would follow\n"
    shown = idle.ok("config:import", "-", "--dry-run", stdin=b"D=1\n").out
    assert shown == "Would add D=1\nA release would follow\n"
    assert idle.ok("rollback", "v1", "--dry-run").out.endswith("A release would follow\n")
    assert (idle.ok("config", "--json").document, len(releases(idle))) == before
    assert set(told(idle)) <= {"apps.create", "config.set", "secrets.set"}
    document = idle.ok("config:set", "C=1", "--dry-run", "--json").document
    assert (document["dry_run"], document["would_release"]) == (True, True)


def test_shapes_of_json(paas: Paas, ada: Paas) -> None:
    change = paas.ok("config:set", "A=1", "--json").document
    assert set(change) == {"app", "dry_run", "version", "changes", "release_status", "release"}
    assert change["changes"] == [{"name": "A", "action": "added"}]
    assert (change["release"]["state"], change["release"]["instances_ready"]) == ("succeeded", 2)
    secret = paas.ok("secrets:set", "S=1", "--no-wait", "--json").document
    assert set(secret) == set(change)
    (var,) = paas.ok("config", "--json").document["vars"]
    assert var["updated_at"].endswith("Z")
    assert {key: var[key] for key in var if key != "updated_at"} == {
        "name": "A", "value": "1", "kind": "config", "addon": None, "version": 2, "updated_by": "user:ada@example.com",
    }  # fmt: skip
    (sealed,) = paas.ok("secrets", "--json").document["secrets"]
    assert (sealed["name"], sealed["value"]) == ("S", MASK)
    revealed = paas.ok("secrets:get", "S", "--json").document
    assert revealed == {"app": paas.environment["PAAS_APP"], "name": "S", "value": "1"}
    assert ada.ok("whoami", "--json").document["subject"] == "user:ada@example.com"
    times = [release["created_at"] for release in releases(paas)]
    assert all(time.endswith("Z") for time in times)


def test_exit_codes_of_refusals(idle: Paas, installation: Installation) -> None:
    assert idle.ok("config").exit_code == 0
    assert idle("config:unset", "NOPE").exit_code == 1
    assert idle("config:set", "NOT_AN_ASSIGNMENT").exit_code == 2
    assert idle.with_(PAAS_TOKEN="")("config").exit_code == 3
    viewer = installation.person("vic@example.com", role="viewer").with_(PAAS_APP=idle.environment["PAAS_APP"])
    denied = viewer("config:set", "A=1")
    assert denied.exit_code == 4
    assert "config.write" in denied.err
    away = idle.with_(PAAS_GATEWAY="http://127.0.0.1:1")("config:set", "A=1")
    assert away.exit_code == 5
    assert "so nothing was changed" in away.err
    assert config_of(idle) == {}
    # 6 is in test_releases.


def test_every_error_is_one_sentence(idle: Paas) -> None:
    for arguments in (("config", "-a", "nope"), ("secrets:get", "NOPE"), ("releases:info", "v99"), ("configset",)):
        run = idle(*arguments)
        assert run.out == ""
        assert run.err.startswith("error: ")
        assert run.err.count("\n") == 1
        assert run.err.rstrip().endswith((".", "?"))


def test_bad_items_among_good_ones_store_nothing(idle: Paas) -> None:
    run = idle("config:set", "GOOD=1", "PATH=/x", "1BAD=2", "PAAS_X=3", "KUBERNETES_Y=4", "LD_PRELOAD=5", "PORT=6")
    assert run.exit_code == 1
    for name in ("PATH", "1BAD", "PAAS_X", "KUBERNETES_Y", "LD_PRELOAD", "PORT"):
        assert name in run.err
    assert "GOOD" not in run.err
    assert idle("config:set", "K=1", "K=2").exit_code == 2
    assert config_of(idle) == {}
    idle.ok("config:set", "K=a=b", "EMPTY=", "--no-wait")
    assert idle.ok("config").out == "K=a=b\nEMPTY=\n"


def test_the_order_in_which_an_app_is_chosen(idle: Paas, installation: Installation, ada: Paas) -> None:
    others = [installation.new_app(ada, instances=0).environment["PAAS_APP"] for _ in range(2)]
    folder = idle.folder / "project" / "deep" / "inside"
    folder.mkdir(parents=True)
    (folder.parent / ".paas.toml").write_text(f'app = "{others[0]}"\n')

    def chosen(paas: Paas, *arguments: str) -> object:
        return paas.at(folder).ok("config", "--json", *arguments).document["app"]

    assert chosen(ada) == others[0]
    assert chosen(ada.with_(PAAS_APP=others[1])) == others[1]
    assert chosen(ada.with_(PAAS_APP=others[1]), "-a", idle.environment["PAAS_APP"]) == idle.environment["PAAS_APP"]
    none = ada("config")
    assert none.exit_code == 2
    for way in ("-a/--app", "PAAS_APP", ".paas.toml"):
        assert way in none.err


def test_a_name_is_one_thing(idle: Paas) -> None:
    idle.ok("config:set", "A=1", "--no-wait")
    idle.ok("secrets:set", "S=1", "--no-wait")
    as_secret, as_config = idle("secrets:set", "A=2"), idle("config:set", "S=2")
    assert (as_secret.exit_code, as_config.exit_code) == (1, 1)
    assert "paas secrets:seal A" in as_secret.err
    assert "paas secrets:unset S" in as_config.err
    # What is only staged has its name already, until it is dropped.
    idle.ok("config:set", "B=1", "--stage")
    idle.ok("secrets:set", "T=1", "--stage")
    as_secret, as_config = idle("secrets:set", "B=2"), idle("config:set", "T=2", "--stage")
    assert (as_secret.exit_code, as_config.exit_code) == (1, 1)
    assert "B: staged as a config var" in as_secret.err
    idle.ok("staged:discard")
    idle.ok("secrets:set", "B=2", "--no-wait")
    idle.ok("config:set", "T=2", "--no-wait")


def test_a_credential_in_config_is_warned_about(idle: Paas, installation: Installation) -> None:
    value = installation.canaries.config()
    run = idle.ok("config:set", f"SOME_TOKEN={value}", "--no-wait")
    assert "warning: SOME_TOKEN looks like a credential" in run.err
    assert "paas secrets:set SOME_TOKEN" in run.err
    assert config_of(idle) == {"SOME_TOKEN": value}


def test_two_at_once_on_one_name(idle: Paas) -> None:
    values = [str(number) for number in range(6)]
    with ThreadPoolExecutor(3) as pool:
        runs = list(pool.map(lambda value: idle.ok("config:set", f"RACE={value}", "--no-wait", "--json"), values))
    numbers = [run.document["release"]["number"] for run in runs]
    assert sorted(numbers) == list(range(2, 8))
    by_version = max((run.document["version"], value) for run, value in zip(runs, values, strict=True))
    assert config_of(idle) == {"RACE": by_version[1]}
    ended = settled(idle)
    assert {release["state"] for release in ended} <= {"succeeded", "superseded"}
    assert (ended[0]["number"], ended[0]["state"]) == (7, "succeeded")


def test_destroying_asks_for_the_name(idle: Paas) -> None:
    app = idle.environment["PAAS_APP"]
    idle.ok("secrets:set", "S=1", "--no-wait")
    assert idle("apps:destroy", app).exit_code == 2
    assert idle("apps:destroy", app, "--confirm", "other").exit_code == 1
    assert secret_names(idle) == ["S"]
    assert idle.ok("apps:destroy", app, "--confirm", app).out == f"Destroyed {app}\n"
    assert idle("config").exit_code == 1


def test_an_app_with_nothing_to_run_yet(ada: Paas) -> None:
    assert ada.ok("apps:create", "bare-app").lines == ["Created bare-app"]
    bare = ada.with_(PAAS_APP="bare-app")
    bare.ok("config:set", "A=1")
    assert bare.ok("apps:info", "--json").document["instances"] == []

"""`paas keys`, `keys:rotate` and `keys:shred`: what they print, ask and refuse."""

import json

from paas_cli import errors
from tests.fakes.gateway import Fault
from tests.fakes.platform import Platform
from tests.unit.cli.conftest import Paas
from tests.unit.cli.terminal import Terminal, plain

RESOURCE = "projects/p/locations/l/keyRings/paas/cryptoKeys/tenant-0f3a"


def test_how_keys_stand(paas: Paas, signed_in: Platform) -> None:
    paas("keys:rotate", "--no-wait")
    assert paas("keys").lines == [
        "generation: 2",
        "age: 3d",
        f"kms key: {RESOURCE}",
        "kms primary version: 1",
        "older values: 2",
        "rollout: running 1/3",
        "generation 1: 2 values, older, made 2026-05-08T13:42Z",
        "generation 2: 1 value, seals, made 2026-05-08T13:42Z",
    ]
    document = json.loads(paas("keys", "--json").out)
    assert document["kms"] == {"resource": RESOURCE, "primary_version": "1"}
    assert (document["generation"], document["age_seconds"], document["older_versions"]) == (2, 3 * 86400, 1)
    assert [each["state"] for each in document["generations"]] == ["older", "seals"]
    assert document["rollout"]["state"] == "running"


def test_before_the_first_secret(paas: Paas, signed_in: Platform) -> None:
    del signed_in.keys.generations[:]
    result = paas("keys")
    assert (result.exit_code, result.out) == (0, "")
    assert "it is made with the first secret" in result.err
    assert json.loads(paas("keys", "--json").out)["generation"] is None


def test_without_the_key_service(paas: Paas, signed_in: Platform) -> None:
    signed_in.keys.kms_resource = signed_in.keys.kms_primary_version = ""
    assert "kms key: not known now: the key service is unavailable" in paas("keys").lines
    assert json.loads(paas("keys", "--json").out)["kms"] == {"resource": None, "primary_version": None}


def test_a_rotation_is_followed_to_its_end(paas: Paas, signed_in: Platform) -> None:
    assert paas("keys:rotate").lines == ["Generation 2 seals from now on · 3 values to seal anew", "done 3/3"]
    document = json.loads(paas("keys:rotate", "--json").out)
    assert (document["generation"], document["rollout"]["state"]) == (3, "done")
    assert paas("keys:rotate", "--no-wait").lines == ["Generation 4 seals from now on · 3 values to seal anew"]


def test_one_that_cannot_be_watched_says_that_it_goes_on(paas: Paas, signed_in: Platform) -> None:
    signed_in.gateway.fail("GetKeys", Fault(14, "no healthy upstream"))
    result = paas("keys:rotate")
    assert result.exit_code == errors.UNAVAILABLE
    assert "Generation 2 seals, and values go on being sealed with it" in result.err


def test_values_that_do_not_open_are_a_failure(paas: Paas, signed_in: Platform) -> None:
    paas("keys:rotate", "--no-wait")
    signed_in.keys.rollout.unreadable = 2
    assert "rollout: running 1/3, 2 unreadable" in paas("keys").lines


def test_on_a_terminal_there_is_a_bar(signed_in: Platform) -> None:
    terminal = Terminal("keys:rotate")
    assert terminal.end() == 0
    assert "sealing anew" in plain(terminal.screen)
    assert "✓ done 3/3" in plain(terminal.screen)
    assert "\x1b[?25h" in terminal.screen  # the cursor is shown again


def test_shredding_says_what_happens_and_needs_the_tenants_name(paas: Paas, signed_in: Platform) -> None:
    result = paas("keys:shred")
    assert result.exit_code == 2
    assert "none can be read, set or released any more" in result.err
    assert "add `--confirm TENANT`" in result.err
    for wrong in ("globex", "ACME", "acme ", "acm"):
        result = paas("keys:shred", "--confirm", wrong)
        assert (result.exit_code, result.out) == (1, "")
        assert "nothing was destroyed" in result.err
    assert not signed_in.keys.HasField("destruction")
    result = paas("keys:shred", "--confirm", "acme")
    assert result.lines == [
        "Destroyed 2026-05-08T13:42Z; an administrator of the key service can restore its key until 2026-06-07T13:42Z"
    ]
    assert "30 where nobody set another time" in result.err
    assert "generation 1: 3 values, destroyed, made 2026-05-08T13:42Z" in paas("keys").lines
    assert paas("keys:rotate").exit_code == 1


def test_shredding_asks_on_a_terminal(signed_in: Platform) -> None:
    terminal = Terminal("keys:shred")
    terminal.until("Type the name of the tenant to go on:")
    terminal.type("acme\n")
    assert terminal.end() == 0
    assert signed_in.keys.HasField("destruction")

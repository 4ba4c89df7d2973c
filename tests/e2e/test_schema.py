"""A schema is kept with an app, what is not as it says is refused before anything restarts, and what is, is released.

Leaves out what it may say (tests/unit/env_schema) and what a failed release takes back (test_staging).
"""

from tests.e2e.installation import Installation, Paas, config_of, environments, instances

SCHEMA = (
    b"# @defaultRequired=true @defaultSensitive=false\n# ---\n\n# @type=enum(debug, info)\nLOG_LEVEL=\n\n"
    b"# @sensitive @type=number\nPIN=\n"
)


def test_what_is_not_as_the_schema_says_never_runs(installation: Installation, ada: Paas) -> None:
    paas = installation.new_app(ada, instances=1)
    paas.ok("config:set", "LOG_LEVEL=info")
    early = paas("schema:set", "-", stdin=SCHEMA)
    assert (early.exit_code, "PIN is not set" in early.err) == (6, True), early.err
    paas.ok("secrets:set", "PIN=-", stdin=b"4711")
    (folder := paas.folder / ".env.schema").write_bytes(SCHEMA)
    paas.ok("schema:check", str(folder))
    paas.ok("schema:set", str(folder))
    assert paas.ok("schema").out.encode() == SCHEMA
    running = instances(paas)

    value = paas.canaries.config()
    assert "LOG_LEVEL is not one of debug, info" in paas.ok("config:set", f"LOG_LEVEL={value}", "--dry-run").err
    wrong = paas("config:set", f"LOG_LEVEL={value}")
    assert wrong.exit_code == 6
    assert "The app's schema refuses it, so nothing was restarted: LOG_LEVEL is not one of debug, info" in wrong.err
    secret = paas.canaries.secret()
    sealed = paas("secrets:set", "PIN=-", stdin=secret.encode())
    assert (sealed.exit_code, "PIN is not a number" in sealed.err) == (6, True)
    assert not any(each in run.out + run.err for run in (wrong, sealed) for each in (value, secret))
    assert config_of(paas)["LOG_LEVEL"] == "info"
    assert _of(instances(paas)) == _of(running), "nothing was restarted"

    paas.ok("config:set", "LOG_LEVEL=debug")
    (environment,) = environments(paas)
    assert (environment["LOG_LEVEL"], environment["PIN"]) == ("debug", "4711")
    assert _of(instances(paas)) != _of(running)


def _of(listed: list[dict[str, object]]) -> list[tuple[object, object]]:
    """What tells instances from others that took their place."""
    return [(each["port"], each["started_at"]) for each in listed]

"""From a trust to a job's token with the command line alone, as people and jobs of GitHub type it."""

import asyncio
import json
import os
import sys
from pathlib import Path

from tests.fakes.actions_runner import ActionsRunner
from tests.integration.tokens.trusts.conftest import SUBJECT, Ci


async def _paas(folder: Path, *arguments: str, **environ: str) -> tuple[int, str, str]:
    """Run `paas` in a home of its own; gives exit code, output and errors."""
    own = {"PATH": os.environ["PATH"], "HOME": str(folder), "PYTHONPATH": os.pathsep.join(sys.path)}
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "paas_cli", *arguments, env={**own, **environ}, cwd=folder, stdout=pipe, stderr=pipe
    )
    out, err = await process.communicate()
    return process.returncode or 0, out.decode(), err.decode()


async def test_a_job_of_github_from_its_trust_to_what_it_does(ci: Ci, tmp_path: Path) -> None:
    person = {"PAAS_GATEWAY": ci.address, "PAAS_TOKEN": (await ci.bearer())[0][1].removeprefix("Bearer ")}
    asked = ("--issuer", ci.issuer.url, "--provider", "github", "--subject", SUBJECT, "--app", "web", "--ttl", "5m")
    code, out, err = await _paas(tmp_path, "tokens:trust", "add", *asked, "--json", **person)
    assert code == 0, err
    trust = json.loads(out)["trust"]
    assert trust["claims"] == {"repository_id": "456789", "repository_owner_id": "123456"}
    (known,) = ci.databases.look("tokens", "SELECT trust_id FROM trusts")
    assert known == (trust["id"],)
    token = ci.token_for(trust["audience"])
    with ActionsRunner() as runner:
        runner.answer = (200, json.dumps({"value": token}).encode())
        job = {"PAAS_GATEWAY": ci.address, "PAAS_TRUST": trust["id"], **runner.environ}
        code, given, err = await _paas(tmp_path, "tokens:exchange", **job)
        assert (code, err) == (0, f"::add-mask::{given.strip()}\n")
        assert runner.asked[0][0]["audience"] == [trust["audience"]]
        code, out, err = await _paas(tmp_path, "tokens:exchange", **job)
        assert (code, out) == (4, ""), "a token is exchanged once"
        assert token not in err
    code, out, err = await _paas(tmp_path, "whoami", "--json", PAAS_GATEWAY=ci.address, PAAS_TOKEN=given.strip())
    assert code == 0, err
    who = json.loads(out)
    assert (who["kind"], who["apps"], err) == ("ci", ["web"], ""), "nor is it said to end soon"
    file = tmp_path / "id-token"
    file.write_text(token)
    code, out, err = await _paas(tmp_path, "tokens:trust", "test", trust["name"], "--token-file", str(file), **person)
    assert code == 1
    assert [line for line in out.splitlines() if line.startswith("✗")] == [
        "✗ exchanged before: wanted not exchanged yet, found exchanged already"
    ]

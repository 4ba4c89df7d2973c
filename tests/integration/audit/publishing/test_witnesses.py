"""Witnesses are asked before a checkpoint is published, and whatever they answer it is published.

Leaves out what a witness decides (tests/unit/transparency), and the one that `paas witness` is.
"""

from collections.abc import AsyncIterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from paaskit.ed25519 import Ed25519
from paaskit.settings import SettingsError
from services.audit.publishing.witnesses import Witness, Witnesses, load_witnesses
from tests.fakes.witness import NOW, FakeWitness
from tests.fixtures.waiting import PATIENCE
from tests.integration.audit.publishing.conftest import ORIGIN, Publication
from transparency.notes import signed
from transparency.policy import Policy, accepted
from transparency.witness import Answer


@pytest.fixture
async def witnessed(publication: Publication) -> AsyncIterator[list[FakeWitness]]:
    """Two witnesses that know the publication's log, and are asked about it."""
    witnesses = [FakeWitness("one.example.com"), FakeWitness("two.example.com")]
    origin = f"{ORIGIN}/{await publication.heads.named('acme')}"
    async with httpx.AsyncClient(timeout=PATIENCE, trust_env=False) as client:
        with ExitStack() as stack:
            for each in witnesses:
                each.logs[origin] = publication.keys.verifiers(origin)
                stack.enter_context(each.serving())
            asked = [Witness(each.key, f"{each.url}add-checkpoint") for each in witnesses]
            publication.witnesses = Witnesses(asked, client, patience=PATIENCE)
            publication.writer = publication.another_writer(publication.keys)
            yield witnesses


async def cosigners(publication: Publication) -> list[str]:
    """Which witnesses have cosigned what is published, each signature verified."""
    content = await publication.read("checkpoint")
    (log_key,) = publication.keys.verifiers(f"{ORIGIN}/{await publication.log_id()}")
    keys = {witness.key.name: witness.key for witness in publication.witnesses._witnesses}
    found = accepted(content, Policy((log_key,), keys), Ed25519()).seen
    assert set(found.values()) <= {NOW}
    assert len(signed.parsed(content).signatures) == 1 + len(found)
    return sorted(found)


async def test_each_checkpoint_is_cosigned(publication: Publication, witnessed: list[FakeWitness]) -> None:
    for count in (1, 300, 5):
        await publication.append(count)
        await publication.publish()
        assert await cosigners(publication) == ["one.example.com", "two.example.com"]
    assert [each.statuses for each in witnessed] == [[200, 200, 200]] * 2


async def test_a_witness_that_has_seen_more_than_is_remembered_is_asked_again(
    publication: Publication, witnessed: list[FakeWitness]
) -> None:
    await publication.append(3)
    await publication.publish()
    publication.witnesses._sizes.clear()
    await publication.append(3)
    await publication.publish()
    assert await cosigners(publication) == ["one.example.com", "two.example.com"]
    assert witnessed[0].statuses == [200, 409, 200]


@pytest.mark.parametrize(
    "instead",
    [
        Answer(500, b"no"),
        Answer(200, b""),
        Answer(200, b"\xff\n"),
        Answer(200, "— one.example.com AAAAAAAA\n".encode()),
        Answer(200, b"x" * 100_000),
        Answer(409, b"no number\n"),
        Answer(409, b"999999\n"),
        Answer(302, b""),
    ],
    ids=lambda answer: f"{answer.status} {answer.body[:12]!r}",
)
async def test_what_a_witness_answers_otherwise_holds_nothing_up(
    publication: Publication, witnessed: list[FakeWitness], instead: Answer
) -> None:
    witnessed[0].instead = instead
    await publication.append(3)
    await publication.publish()
    assert await cosigners(publication) == ["two.example.com"]


async def test_nobody_waits_for_a_witness_that_does_not_answer(
    publication: Publication, witnessed: list[FakeWitness]
) -> None:
    witnessed[1].hold.clear()
    publication.witnesses._patience = 0.5
    await publication.append(3)
    await publication.publish()
    assert (await publication.checkpoint()).size == 3
    assert "two.example.com" not in await cosigners(publication)


async def test_a_cosignature_of_another_checkpoint_is_none(
    publication: Publication, witnessed: list[FakeWitness]
) -> None:
    await publication.append(3)
    await publication.publish()
    content = signed.parsed(await publication.read("checkpoint"))
    (earlier,) = [each for each in content.signatures if each.name == "one.example.com"]
    witnessed[0].instead = Answer(200, earlier.line.encode())
    await publication.append(3)
    await publication.publish()
    assert await cosigners(publication) == ["two.example.com"]


def test_witnesses_stand_in_a_policy(tmp_path: Path) -> None:
    key, policy = FakeWitness("one.example.com").key.text, tmp_path / "policy"
    policy.write_text(f"# ours\nwitness one {key} https://one.example.com/w/\nwitness two {key}\nquorum one\n")
    (witness,) = load_witnesses(str(policy))
    assert (witness.key.text, witness.url) == (key, "https://one.example.com/w/add-checkpoint")
    assert load_witnesses("") == []


@pytest.mark.parametrize(
    "line",
    [
        "",
        "witness one KEY",
        "witness one KEY http://one.example.com",
        "witness one KEY file:///etc/passwd",
        "witness one no-key https://one.example.com",
        "\xff",
    ],
)
def test_a_file_that_names_no_witness_is_refused(tmp_path: Path, line: str) -> None:
    key, policy = FakeWitness("one.example.com").key.text, tmp_path / "policy"
    policy.write_bytes(line.replace("KEY", key).encode("latin-1"))
    with pytest.raises(SettingsError, match="PAAS_LOG_WITNESSES_FILE"):
        load_witnesses(str(policy))
    with pytest.raises(SettingsError, match="PAAS_LOG_WITNESSES_FILE"):
        load_witnesses(str(tmp_path / "absent"))

"""The key file of the provider `local`: what it may hold, and how a key is destroyed that was derived from its root."""

import asyncio
import base64
import os
from pathlib import Path

import pytest

from paaskit.errors import Unavailable
from paaskit.settings import SettingsError
from services.secrets.keys.kms import DATABASE_CHECK, KeyName, UnwrapError, tenant_key
from services.secrets.keys.kms.key_file import KeyFile
from services.secrets.keys.kms.local import LocalKeyManagement, key_id

ACME, GLOBEX = tenant_key("acme"), tenant_key("globex")
KEY = bytes(range(32))


def text() -> str:
    """32 random bytes as they stand in the file."""
    return base64.b64encode(os.urandom(32)).decode()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A key file with a root and nothing else."""
    path = tmp_path / "a folder" / "kms.key"
    path.parent.mkdir()
    path.write_text(text())
    return path


def content(file: Path) -> str:
    """What is in the file."""
    return file.read_text()


def replace(file: Path, by: str) -> None:
    """Have something else in the file."""
    file.write_text(by)


def mode(file: Path) -> str:
    """Who may read it."""
    return oct(file.stat().st_mode & 0o777)


def obstruct(file: Path) -> None:
    """Have something stand where the next state of the file is written."""
    file.with_name("kms.key.new").mkdir()


async def others() -> list[KeyName]:
    return [GLOBEX, DATABASE_CHECK]


@pytest.mark.parametrize(
    "content",
    ["", "x", base64.b64encode(bytes(31)).decode(), f"{text()}\nformer x", f"{text()}\nkept a", f"{text()}\n{text()}"],
    ids=range(6),
)
def test_what_is_no_key_file_is_said_without_its_content(tmp_path: Path, content: str) -> None:
    path = tmp_path / "kms.key"
    path.write_text(content)
    with pytest.raises(SettingsError) as caught:
        KeyFile(path)
    assert "PAAS_KMS_KEY_FILE" in str(caught.value)
    assert not [line for line in content.split() if len(line) > 8 and line in str(caught.value)]


def test_its_keys_do_not_show(file: Path) -> None:
    file.write_text(f"{text()}\nformer {text()}\nkept tenant-1 {text()}")
    assert repr(KeyFile(file).read()) == "FileKeys(destroyed=frozenset())"


async def test_the_root_is_thrown_away_and_what_others_need_of_it_is_kept(file: Path) -> None:
    root, kms = content(file), LocalKeyManagement(file)
    mine, theirs = await kms.wrap(ACME, KEY, context=b"c"), await kms.wrap(GLOBEX, KEY, context=b"c")
    await kms.destroy(ACME, others=others)
    keys = KeyFile(file).read()
    assert root not in content(file)
    assert not keys.former
    assert keys.destroyed == {key_id(ACME)}
    assert set(keys.kept) == {key_id(GLOBEX), key_id(DATABASE_CHECK)}
    assert mode(file) == "0o600"
    with pytest.raises(UnwrapError):
        await kms.unwrap(ACME, mine, context=b"c")
    assert await kms.unwrap(GLOBEX, theirs, context=b"c") == KEY
    assert not await kms.is_current(GLOBEX, theirs, context=b"c"), "it is wrapped anew by and by"


async def test_one_after_the_other_can_be_destroyed(file: Path) -> None:
    kms = LocalKeyManagement(file)
    names = [tenant_key(f"tenant-{number}") for number in range(5)]
    wrapped = {name: await kms.wrap(name, KEY, context=b"c") for name in names}
    for number, name in enumerate(names):

        async def left(number: int = number) -> list[KeyName]:
            return names[number + 1 :]

        await kms.destroy(name, others=left)
        for later in names[number + 1 :]:
            assert await kms.unwrap(later, wrapped[later], context=b"c") == KEY
        for gone in names[: number + 1]:
            with pytest.raises(UnwrapError):
                await kms.unwrap(gone, wrapped[gone], context=b"c")
    assert not KeyFile(file).read().kept


async def test_a_former_root_can_be_destroyed_out_of_as_well(file: Path) -> None:
    """The root was replaced by hand, and what it wrapped is still around."""
    kms = LocalKeyManagement(file)
    mine, theirs = await kms.wrap(ACME, KEY, context=b"c"), await kms.wrap(GLOBEX, KEY, context=b"c")
    replace(file, f"{text()}\nformer {content(file)}")
    await kms.destroy(ACME, others=others)
    assert await kms.unwrap(GLOBEX, theirs, context=b"c") == KEY
    with pytest.raises(UnwrapError):
        await kms.unwrap(ACME, mine, context=b"c")


async def test_a_key_that_is_made_meanwhile_is_not_lost(file: Path) -> None:
    """Who is about to have a key is known before it is wrapped; and while others are listed, nothing is wrapped."""
    kms, wrapped = LocalKeyManagement(file), asyncio.Event()
    listed: list[KeyName] = []

    async def make() -> bytes:
        made = await LocalKeyManagement(file).wrap(GLOBEX, KEY, context=b"c")
        wrapped.set()
        return made

    async def listing() -> list[KeyName]:
        names = list(listed)
        listed.append(GLOBEX)  # too late for this list
        task.append(asyncio.ensure_future(make()))
        await asyncio.sleep(0.05)
        assert not wrapped.is_set(), "it waits"
        return names

    task: list[asyncio.Future[bytes]] = []
    await kms.destroy(ACME, others=listing)
    assert await kms.unwrap(GLOBEX, await task[0], context=b"c") == KEY


async def test_a_file_that_can_not_be_replaced_destroys_nothing(file: Path) -> None:
    kms, before = LocalKeyManagement(file), content(file)
    wrapped = await kms.wrap(ACME, KEY, context=b"c")
    obstruct(file)
    with pytest.raises(Unavailable):
        await kms.destroy(ACME, others=others)
    assert content(file) == before
    assert await kms.unwrap(ACME, wrapped, context=b"c") == KEY

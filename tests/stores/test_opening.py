from __future__ import annotations

from pathlib import Path

import pytest

from museod.errors import ConfigError, StoreError
from museod.stores.opening import IN_MEMORY, open_sealer, open_stores
from museod.stores.sealing import Sealer
from museod.stores.sqlite import FILE_NAME
from museod.stores.statedir import KEY_NAME
from tests.fakes.stores import KEYS, FakeClock, talk


def names(directory: Path) -> set[str]:
    return {file.name for file in directory.iterdir()}


async def save(state_dir: Path, keys: list[tuple[str, bytes]]) -> None:
    clock = FakeClock()
    async with (
        open_stores(None, state_dir, keys, now=clock) as stores,
        stores.locks.open_turn("ada", wait_seconds=0) as turn,
    ):
        await stores.conversations.save(talk(clock, "hello"), turn)


async def can_load(state_dir: Path, keys: list[tuple[str, bytes]]) -> bool:
    async with open_stores(None, state_dir, keys, now=FakeClock()) as stores:
        return await stores.conversations.load("ada") is not None


async def test_the_first_start_makes_directory_key_and_store(tmp_path: Path) -> None:
    state_dir = tmp_path / "state"
    await save(state_dir, [])
    assert names(state_dir) == {KEY_NAME, FILE_NAME}
    assert state_dir.stat().st_mode & 0o777 == 0o700
    assert await can_load(state_dir, [])


async def test_configured_keys_make_no_key_file(tmp_path: Path) -> None:
    await save(tmp_path, KEYS)
    assert not (tmp_path / KEY_NAME).exists()


async def test_what_the_key_file_sealed_opens_after_keys_were_configured(tmp_path: Path) -> None:
    await save(tmp_path, [])
    assert await can_load(tmp_path, KEYS)


async def test_a_lost_key_file_is_noticed_before_anything_is_lost(tmp_path: Path) -> None:
    await save(tmp_path, [])
    (tmp_path / KEY_NAME).rename(tmp_path / "mislaid")
    with pytest.raises(StoreError, match=r"museod\.key.*MCP_ENCRYPTION_KEYS.*restore"):
        await can_load(tmp_path, [])
    assert not (tmp_path / KEY_NAME).exists()
    (tmp_path / "mislaid").rename(tmp_path / KEY_NAME)
    assert await can_load(tmp_path, [])


async def test_a_store_in_memory_leaves_no_files(tmp_path: Path) -> None:
    async with open_stores(IN_MEMORY, tmp_path / "state") as stores:
        assert await stores.conversations.load("ada") is None
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("redis://localhost:6379/0", "Redis is not supported by this build yet; unset MCP_REDIS_URL"),
        ("rediss://shop.example", "Redis is not supported"),
        ("http://localhost", "no URL of a store"),
        ("nonsense", "no URL of a store"),
    ],
)
async def test_a_url_that_cannot_be_served_is_a_fault_of_the_configuration(
    tmp_path: Path, url: str, said: str
) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        async with open_stores(url, tmp_path):
            pass
    assert caught.value.faults[0].key == "MCP_REDIS_URL"
    assert names(tmp_path) == set()


async def test_a_ready_sealer_is_taken_as_it_is(tmp_path: Path) -> None:
    sealer = Sealer(KEYS)
    async with open_stores(None, tmp_path, sealer=sealer):
        pass
    assert not (tmp_path / KEY_NAME).exists()


def test_the_sealer_of_a_new_directory_is_the_one_of_its_key_file(tmp_path: Path) -> None:
    first = open_sealer(None, tmp_path / "state", [])
    second = open_sealer(None, tmp_path / "state", [])
    assert second.open(first.seal(b"x", "place"), "place") == b"x"


async def test_an_error_in_the_block_closes_the_store(tmp_path: Path) -> None:
    with pytest.RaisesGroup(ZeroDivisionError):
        async with open_stores(None, tmp_path, KEYS):
            raise ZeroDivisionError
    assert names(tmp_path) == {FILE_NAME}, "the log was folded in"

"""Look-ups shared by all that ask at once, and remembered for some seconds."""

import asyncio
from collections.abc import Sequence

import pytest

from cronpp_app.engine.remembered import Remembered


class Source:
    """Knows `values`, unless it is `down`; notes what it was asked."""

    def __init__(self, **values: int) -> None:
        self.values = values
        self.down = False
        self.asked: list[list[str]] = []

    async def __call__(self, keys: Sequence[str]) -> dict[str, int]:
        self.asked.append(sorted(keys))
        if self.down:
            raise ConnectionError("no database")
        return {key: self.values[key] for key in keys if key in self.values}


async def test_all_that_ask_at_once_share_one_look_up() -> None:
    source = Source(a=1, b=2)
    remembered = Remembered(source)
    found = await asyncio.gather(*(remembered.get(key) for key in "abab"))
    assert (found, source.asked) == ([1, 2, 1, 2], [["a", "b"]])
    assert await remembered.get("a") == 1
    assert len(source.asked) == 1


async def test_what_is_not_there_yet_is_asked_for_again() -> None:
    source = Source()
    remembered = Remembered(source)
    assert await remembered.get("a") is None
    source.values["a"] = 1
    assert await remembered.get("a") == 1


async def test_what_was_known_goes_on_to_count_while_the_source_is_down() -> None:
    source = Source(a=1)
    remembered = Remembered(source, seconds=0)
    await remembered.get("a")
    source.down = True
    assert await remembered.get("a") == 1
    with pytest.raises(ConnectionError):
        await remembered.get("b")


async def test_one_that_gives_up_does_not_end_the_look_up_of_the_others() -> None:
    remembered = Remembered(Source(a=1))
    first, second = (asyncio.create_task(remembered.get("a")) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    assert await second == 1

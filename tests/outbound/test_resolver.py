"""Looking names up: shared while it lasts, forgotten after, never in anybody's way."""

import asyncio
import socket
import threading
from collections.abc import Sequence

import pytest

from cronpp_app.outbound.guard import Blocked, EgressRules
from cronpp_app.outbound.resolver import GuardedResolver, SystemResolver


class NameServer:
    """Answers when it is told to; counts the questions."""

    def __init__(self, answer: Sequence[str] | OSError) -> None:
        self.answer = answer
        self.asked: list[str] = []
        self.may_answer = threading.Event()

    def __call__(self, host: str) -> Sequence[str]:
        self.asked.append(host)
        self.may_answer.wait(5)
        if isinstance(self.answer, OSError):
            raise self.answer
        return self.answer


async def test_connections_opened_together_share_a_look_up_and_later_ones_ask_again() -> None:
    names = NameServer(["1.1.1.1"])
    resolver = SystemResolver(names)
    together = [asyncio.create_task(resolver.resolve("good.example")) for _ in range(5)]
    await asyncio.sleep(0)
    names.may_answer.set()
    assert await asyncio.gather(*together) == [["1.1.1.1"]] * 5
    assert names.asked == ["good.example"]
    await resolver.resolve("good.example")
    assert len(names.asked) == 2
    await resolver.aclose()


async def test_one_deadline_does_not_end_the_look_up_of_the_others() -> None:
    names = NameServer(["1.1.1.1"])
    resolver = SystemResolver(names)
    patient = asyncio.create_task(resolver.resolve("slow.example"))
    await asyncio.sleep(0)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await resolver.resolve("slow.example")
    names.may_answer.set()
    assert await patient == ["1.1.1.1"]
    await resolver.aclose()


async def test_a_look_up_that_fails_fails_for_all_and_is_tried_anew() -> None:
    names = NameServer(socket.gaierror(socket.EAI_NONAME, "no such name"))
    names.may_answer.set()
    resolver = SystemResolver(names)
    for _ in range(2):
        with pytest.raises(socket.gaierror):
            await resolver.resolve("nowhere.example")
    assert len(names.asked) == 2
    await resolver.aclose()


async def test_the_systems_answers_are_literals() -> None:
    resolver = SystemResolver()
    assert "127.0.0.1" in await resolver.resolve("localhost")
    await resolver.aclose()


async def test_all_answers_are_judged_before_one_is_given() -> None:
    names = NameServer(["1.1.1.1", "::1"])
    names.may_answer.set()
    resolver = GuardedResolver(SystemResolver(names), EgressRules())
    with pytest.raises(Blocked, match=r"mixed\.example leads to an address"):
        await resolver.resolve("mixed.example", 80)
    await resolver.close()


class DeadNames:
    """Names under `.dead` take as long as they are held; all others are known at once."""

    def __init__(self) -> None:
        self.passed = 0.0
        self.released = threading.Event()

    def clock(self) -> float:
        return self.passed

    def __call__(self, host: str) -> Sequence[str]:
        if host.endswith(".dead"):
            self.released.wait(30)
            raise socket.gaierror(socket.EAI_AGAIN, "no name server answers")
        return ["1.1.1.1"]


async def test_names_that_were_slow_keep_no_other_name_waiting() -> None:
    names = DeadNames()
    resolver = SystemResolver(names, clock=names.clock)
    dead = [f"{number}.dead" for number in range(64)]
    first = [asyncio.create_task(resolver.resolve(host)) for host in dead]
    await asyncio.sleep(0)
    names.passed = 10.0
    names.released.set()
    await asyncio.gather(*first, return_exceptions=True)
    names.released.clear()
    again = [asyncio.create_task(resolver.resolve(host)) for host in dead]
    await asyncio.sleep(0)
    async with asyncio.timeout(10):
        assert await resolver.resolve("good.example") == ["1.1.1.1"]
    names.released.set()
    await asyncio.gather(*again, return_exceptions=True)
    await resolver.aclose()

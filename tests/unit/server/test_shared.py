"""Shared questions: asked once, answered to all, forgotten soon after."""

from __future__ import annotations

import asyncio

import pytest

from daglab.server import shared
from daglab.server.shared import SharedQuestions


class Dagster:
    """Answers with the number of the question, after a while."""

    def __init__(self) -> None:
        self.asked = 0

    async def answer(self) -> int:
        self.asked += 1
        number = self.asked
        await asyncio.sleep(0.1)
        if number == 3:
            raise ValueError(number)
        return number


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared, "_FRESH_SECONDS", 0.05)


def test_who_asks_at_the_same_time_or_soon_after_shares_the_answer() -> None:
    async def work() -> None:
        questions, dagster = SharedQuestions(), Dagster()
        assert await asyncio.gather(*(questions.ask("a", dagster.answer) for _ in range(3))) == [1, 1, 1]
        # The answer took longer than it stays fresh: what counts is when it came.
        assert await questions.ask("a", dagster.answer) == 1
        assert await questions.ask("b", dagster.answer) == 2
        for _ in range(2):
            with pytest.raises(ValueError, match="3"):
                await questions.ask("c", dagster.answer)
        await asyncio.sleep(0.1)
        assert await questions.ask("a", dagster.answer) == 4

    asyncio.run(work())


def test_nothing_is_kept() -> None:
    async def work() -> None:
        questions, dagster = SharedQuestions(), Dagster()
        await asyncio.gather(*(questions.ask(number, dagster.answer) for number in range(50)), return_exceptions=True)
        await asyncio.sleep(0.1)
        assert questions._asked == {}

    asyncio.run(work())


def test_what_was_asked_before_a_change_is_no_answer_after_it() -> None:
    async def work() -> None:
        questions, dagster = SharedQuestions(), Dagster()
        before = asyncio.ensure_future(questions.ask("a", dagster.answer))
        await asyncio.sleep(0.01)
        questions.forget()
        after = asyncio.ensure_future(questions.ask("a", dagster.answer))
        assert (await before, await after) == (1, 2)
        await asyncio.sleep(0.03)
        assert await questions.ask("a", dagster.answer) == 2

    asyncio.run(work())


def test_who_gives_up_leaves_the_question_to_the_others() -> None:
    async def work() -> None:
        questions, dagster = SharedQuestions(), Dagster()
        first, second = (asyncio.ensure_future(questions.ask("a", dagster.answer)) for _ in range(2))
        await asyncio.sleep(0.01)
        first.cancel()
        assert await second == 1

    asyncio.run(work())

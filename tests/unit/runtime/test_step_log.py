"""The log of a step: nothing of it comes after the step's end."""

from __future__ import annotations

import threading

import pytest

from daglab.runtime import step_log
from daglab.runtime.step_log import StepLog


def test_flush_waits_for_what_the_timer_is_telling(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(step_log, "BATCH_SECONDS", 0.05)
    told: list[str] = []
    in_timer, go_on = threading.Event(), threading.Event()

    def tell(text: str) -> None:
        if threading.current_thread() is not threading.main_thread():
            in_timer.set()
            assert go_on.wait(10)
        told.append(text)

    log = StepLog(tell)
    log.say("at once")
    log.say("by the timer")
    assert in_timer.wait(10)
    threading.Timer(0.2, go_on.set).start()
    log.flush()
    assert told == ["at once", "by the timer"]


def test_a_handler_of_the_log_may_flush(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []

    def tell(text: str) -> None:
        told.append(text)
        log.flush()

    log = StepLog(tell)
    log.say("once")
    assert told == ["once"]


def test_no_thread_is_left_after_flush() -> None:
    before = threading.enumerate()
    log = StepLog(lambda text: None)
    log.say("at once")
    log.say("waits for a timer")
    assert threading.enumerate() != before
    log.flush()
    assert threading.enumerate() == before


def test_handlers_of_two_threads_may_flush_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(step_log, "BATCH_SECONDS", 0.0)
    both = threading.Barrier(2)

    def tell(text: str) -> None:
        both.wait(10)
        log.flush()

    log = StepLog(tell)
    threads = [threading.Thread(target=log.say, args=(line,), daemon=True) for line in ("one", "other")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert not any(thread.is_alive() for thread in threads)

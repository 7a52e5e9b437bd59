"""Questions under way: who is answered when."""

import threading
from collections.abc import Iterator

import pytest

from rag import Answer
from ui.places import BusyError, Places
from ui.work import Outcome, Work

LONG = 20.0
"""Seconds after which something that should happen will not."""


class Questions:
    """Questions that are answered when told to, the order in which they are begun, and the most at a time."""

    def __init__(self, places: int) -> None:
        self.begun: list[str] = []
        self.most = 0
        self.may_end = threading.Event()
        self._places = Places(places)
        self._lock = threading.Lock()
        self._ended = threading.Semaphore(0)
        self._under_way = 0

    def ask(self, name: str) -> Work:
        work = Work(lambda: self._answer(name), self._places)
        work.begin(self._keep)
        return work

    def wait_for(self, ended: int) -> None:
        for _ in range(ended):
            assert self._ended.acquire(timeout=LONG)

    def _answer(self, name: str) -> Iterator[Answer]:
        with self._lock:
            self.begun.append(name)
            self._under_way += 1
            self.most = max(self.most, self._under_way)
        assert self.may_end.wait(LONG)
        with self._lock:
            self._under_way -= 1
        yield Answer(name, name, name)

    def _keep(self, outcome: Outcome) -> None:
        assert isinstance(outcome, Answer)
        self._ended.release()


def test_questions_that_wait_are_begun_in_the_order_they_were_asked() -> None:
    questions = Questions(1)
    names = [f"question {number}" for number in range(50)]
    for name in names:
        questions.ask(name)
    questions.may_end.set()
    questions.wait_for(len(names))
    assert questions.begun == names


def test_one_that_is_stopped_in_line_is_not_begun_and_keeps_nobody_waiting() -> None:
    questions = Questions(1)
    questions.ask("first")
    stopped = questions.ask("stopped")
    questions.ask("last")
    stopped.stop()
    assert list(stopped.follow()) == []
    questions.may_end.set()
    questions.wait_for(2)
    assert questions.begun == ["first", "last"]


def test_no_more_are_worked_on_at_a_time_than_there_are_places() -> None:
    questions = Questions(2)
    for number in range(20):
        questions.ask(str(number))
    questions.may_end.set()
    questions.wait_for(20)
    assert len(questions.begun) == 20
    assert questions.most <= 2


def test_one_that_was_not_begun_gives_its_place_up_when_it_is_stopped() -> None:
    places = Places(1, most_waiting=0)
    work = Work(lambda: iter(()), places)
    with pytest.raises(BusyError):
        Work(lambda: iter(()), places)
    work.stop()
    assert places.are_idle


def test_those_who_follow_are_told_of_the_end_even_where_nothing_could_be_kept() -> None:
    def fail(outcome: Outcome) -> None:
        raise RuntimeError("the disk is gone")

    work = Work(lambda: iter([Answer("a", "a", "a")]), Places(1))
    told = threading.Event()

    def follow() -> None:
        assert list(work.follow()) == []
        told.set()

    threading.Thread(target=follow, daemon=True).start()
    before, threading.excepthook = threading.excepthook, lambda arguments: None
    try:
        work.begin(fail)
        assert told.wait(LONG)
    finally:
        threading.excepthook = before

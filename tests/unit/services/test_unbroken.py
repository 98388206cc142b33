"""A stop waits for what is paid, lets no more of it begin, and ends when somebody is in a hurry."""

import threading

import pytest

from tenuto import errors
from tenuto.services.unbroken import Unbroken


def test_a_stop_waits_until_the_last_piece_has_ended():
    unbroken, begun, go, order = Unbroken(), threading.Event(), threading.Event(), []

    def work():
        with unbroken.piece():
            begun.set()
            go.wait(30)
            order.append("ended")

    worker = threading.Thread(target=work)
    worker.start()
    begun.wait(30)
    threading.Timer(0.05, go.set).start()
    assert unbroken.finish() == 0
    assert order == ["ended"]
    worker.join()


def test_nothing_more_begins_once_a_stop_has_begun():
    unbroken = Unbroken()
    unbroken.finish()
    with pytest.raises(errors.Fenced) as caught, unbroken.piece():
        pass
    assert caught.value.details["unpaid"]


def test_somebody_in_a_hurry_is_told_what_is_left():
    unbroken = Unbroken()
    unbroken.hurry.set()
    with unbroken.piece():
        assert unbroken.finish() == 1


def test_a_piece_that_fails_is_over():
    unbroken = Unbroken()
    with pytest.raises(ValueError, match="broke"), unbroken.piece():
        raise ValueError("broke")
    assert unbroken.finish() == 0

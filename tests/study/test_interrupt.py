"""Ctrl-C, told instead of raised."""

import signal
import threading

import pytest

from paribus.study.interrupt import interrupts_to


@pytest.fixture(autouse=True)
def usual():
    """Python's own handler, which some test runners replace."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_the_first_is_told_and_the_second_raises():
    told = []
    with interrupts_to(lambda: told.append(1)):
        signal.raise_signal(signal.SIGINT)
        assert told == [1]
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert told == [1]


def test_afterwards_it_raises_as_before():
    with interrupts_to(lambda: None):
        pass
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    with pytest.raises(ZeroDivisionError), interrupts_to(lambda: None):
        raise ZeroDivisionError
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_program_that_handles_it_in_its_own_way_is_left_alone():
    handled, told = [], []
    signal.signal(signal.SIGINT, lambda number, frame: handled.append(number))
    with interrupts_to(lambda: told.append(1)):
        signal.raise_signal(signal.SIGINT)
    assert (handled, told) == ([signal.SIGINT], [])


def test_a_thread_leaves_it_to_the_main_thread():
    handlers = []

    def work():
        with interrupts_to(lambda: None):
            handlers.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert handlers == [signal.default_int_handler]

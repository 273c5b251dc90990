"""Ctrl-C, told instead of raised, or the end at once."""

import signal
import subprocess
import sys
import threading

import pytest

from paribus.interrupts import (
    end_at_once,
    ending_on_interrupt,
    interrupts_to,
    raising_on_interrupt,
)


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


def test_a_command_is_at_its_end_at_once():
    program = """
import gc, signal, sys, threading, time
from paribus.interrupts import end_on_interrupt
signal.signal(signal.SIGINT, signal.default_int_handler)
assert end_on_interrupt() and not end_on_interrupt()
threading.Thread(target=time.sleep, args=(600,)).start()
gc.callbacks.append(lambda *_: signal.raise_signal(signal.SIGINT))
try:
    gc.collect()
except BaseException:
    sys.exit("an exception")
sys.exit("lost")
"""
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (ended.returncode, ended.stderr) == (130, "interrupted; what is finished is kept\n")


def test_a_program_that_cannot_be_loaded_says_so_in_one_line():
    program = """
import sys
sys.modules["typer"] = None
from paribus.__main__ import main
main()
"""
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    first, *more = ended.stderr.splitlines()
    assert (ended.returncode, more) == (2, [])
    assert first.startswith("error: Paribus cannot be loaded: ")
    assert "typer" in first


def test_what_has_its_own_way_of_ending_is_told_as_ever():
    with ending_on_interrupt():
        assert signal.getsignal(signal.SIGINT) is end_at_once
        with raising_on_interrupt(), pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        assert signal.getsignal(signal.SIGINT) is end_at_once
        with interrupts_to(lambda: None):
            signal.raise_signal(signal.SIGINT)
            assert signal.getsignal(signal.SIGINT) is end_at_once
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler

"""Where tasks run: in place, on threads, in processes of this machine, or on a Ray cluster."""

from paribus.executors.base import Executor, Home, LostError, Place, Task
from paribus.executors.inline import InlineExecutor
from paribus.executors.processes import ProcessExecutor
from paribus.executors.remote import Setup
from paribus.executors.threads import ThreadExecutor

__all__ = [
    "Executor",
    "Home",
    "InlineExecutor",
    "LostError",
    "Place",
    "ProcessExecutor",
    "Setup",
    "Task",
    "ThreadExecutor",
]

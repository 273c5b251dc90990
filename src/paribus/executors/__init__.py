"""Where tasks run: in place, or on threads."""

from paribus.executors.base import Executor
from paribus.executors.inline import InlineExecutor
from paribus.executors.threads import ThreadExecutor

__all__ = ["Executor", "InlineExecutor", "ThreadExecutor"]

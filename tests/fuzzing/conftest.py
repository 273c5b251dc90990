"""What needs Atheris is no test, and is not collected as one."""

collect_ignore = ["one.py"]

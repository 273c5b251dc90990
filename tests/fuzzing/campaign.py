"""The long form of fuzzing: each target in a process of its own for some minutes, with limits.

    python -m fuzzing.campaign [--seconds 600] [--folder .fuzz] [TARGET ...]

Needs Atheris. A target whose log is complete is passed over, so that a campaign can go on.
"""

import argparse
import os
import re
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from fuzzing.catalogue import NAMES

FOUND = ("FOUND ", "Uncaught Python exception", "ERROR: libFuzzer", "deadly signal")
COVERED = re.compile(r"cov: (\d+) ft: (\d+)")
EXECUTED = re.compile(r"stat::number_of_executed_units: (\d+)")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="TARGET", help=", ".join(NAMES))
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--folder", type=Path, default=Path(".fuzz"))
    options = parser.parse_args()
    if unknown := [name for name in options.names if name not in NAMES]:
        parser.error(f"no target {', '.join(unknown)}; allowed: {', '.join(NAMES)}")
    told = [_fuzzed(name, options.seconds, options.folder) for name in options.names or NAMES]
    return int(any("trouble" in line for line in told))


def _fuzzed(name: str, seconds: int, folder: Path) -> str:
    log = folder / f"{name}.log"
    if not (log.is_file() and EXECUTED.search(log.read_text(errors="replace"))):
        (folder / name).mkdir(parents=True, exist_ok=True)
        memory = Path("/dev/shm")
        with (
            TemporaryDirectory(dir=memory if memory.is_dir() else None) as scratch,
            log.open("wb") as output,
        ):
            subprocess.run(
                [sys.executable, "-m", "fuzzing.one", name, str(seconds), str(folder / name)],
                stdout=output,
                stderr=subprocess.STDOUT,
                env=os.environ | {"TMPDIR": scratch},
                check=False,
            )
    line = _result(name, log)
    print(line, flush=True)  # noqa: T201 - a command
    return line


def _result(name: str, log: Path) -> str:
    text = log.read_text(errors="replace")
    executed, covered = EXECUTED.search(text), COVERED.findall(text)
    edges, features = covered[-1] if covered else ("?", "?")
    verdict = f"trouble, see {log}" if any(sign in text for sign in FOUND) else "no trouble"
    inputs = f"{int(executed[1]):,} inputs" if executed else "unfinished"
    return f"{name}: {inputs}, {edges} edges, {features} features, {verdict}"


if __name__ == "__main__":
    sys.exit(main())

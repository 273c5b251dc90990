"""How long a command takes before it trains: with nothing compiled yet, and compiled before.

Runs one architecture of `fashion-architectures` for one epoch on one core, each time in a new lab,
in an empty cache of programs and then again. Start-up is the wall-clock time from the command to
the end of its run, as the lab's log has it, less the training and the evaluations of that run:
Python, imports, planning, data, tracing and compiling or loading programs. Reads Fashion-MNIST
from the folder that `PARIBUS_DATA` names.

    python benchmarks/startup.py [ROUNDS]
"""

import json
import os
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from datetime import datetime
from pathlib import Path

ARCHITECTURES = ("6", "16")
"""A perceptron, and the convolutional network."""
TARGETS = {"cold": 8.0, "warm": 3.0}


def startup(architecture: str, lab: Path, cache: Path) -> float:
    """Seconds from one command to its run, all of them that are before the first step."""
    begun = time.time()
    done = subprocess.run(
        [
            str(Path(sysconfig.get_path("scripts")) / "paribus"),
            *("run", "fashion-architectures", "--scale", "full"),
            *("--only", f"architecture={architecture}", "--set", "epochs=1"),
            *("--replicates", "1", "--cores", "1", "--lab", str(lab), "--json"),
        ],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        # Where programs are kept: the user's own cache, which is left alone.
        env=os.environ | {"XDG_CACHE_HOME": str(cache)},
    )
    (log,) = (lab / "logs").iterdir()
    events = [json.loads(line) for line in log.read_text().splitlines()]
    (ended,) = (event["time"] for event in events if event["event"] == "run finished")
    seconds = json.loads(done.stdout.splitlines()[-1])["seconds"]
    of_run = sum(seconds[phase] for phase in ("train", "evaluate", "store"))
    return datetime.fromisoformat(ended).timestamp() - begun - of_run


def main() -> None:
    if "PARIBUS_DATA" not in os.environ:
        sys.exit("set PARIBUS_DATA to a folder with Fashion-MNIST: downloading it is not measured")
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    found: dict[tuple[str, str], list[float]] = {}
    for _ in range(rounds):
        for architecture in ARCHITECTURES:
            with tempfile.TemporaryDirectory() as name:
                folder = Path(name)
                for state in TARGETS:
                    taken = startup(architecture, folder / state, folder / "cache")
                    found.setdefault((architecture, state), []).append(taken)
    for (architecture, state), taken in found.items():
        spread = f"{min(taken):.1f} to {max(taken):.1f}"
        print(
            f"architecture {architecture}, {state}: median {statistics.median(taken):.1f} s, "
            f"{spread}, {rounds} rounds (target: under {TARGETS[state]:.0f})"
        )


if __name__ == "__main__":
    main()

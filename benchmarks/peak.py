"""What no program can beat on this machine: the float32 arithmetic of a step at its highest rate.

`peak.c` multiplies and adds in vector registers, without touching memory, on all cores at once.
At that rate, the matrix products of a step of each network of dense layers take the microseconds
that are printed, on all cores together; the rest of a step is not in them. A comparison that asks
for less asks for fewer multiplications, not for a faster program. Needs a C compiler, `cc`.

    python benchmarks/peak.py [ROUNDS]
"""

import math
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from contenders import cores
from floor import dense_products
from workloads import WORKLOADS, Workload

SOURCE = Path(__file__).with_suffix(".c")
OPTIONS = ("-O3", "-march=native", "-ffp-contract=fast")


def operations_per_second(program: Path) -> float:
    """Of all cores together, each with a process of its own."""
    started = [
        subprocess.Popen([program], stdout=subprocess.PIPE, text=True) for _ in range(cores())
    ]
    printed = [process.communicate()[0] for process in started]
    if any(process.returncode for process in started):
        sys.exit("peak.c ended with an error")
    return sum(float(one.split()[0]) for one in printed)


def operations(workload: Workload) -> int:
    """Of the matrix products of a step: a multiplication and an addition each time."""
    products = dense_products(workload.widths, workload.batch, first=True)
    return sum(2 * math.prod(product) for product in products)


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    compiler = shutil.which("cc")
    if compiler is None:
        sys.exit("there is no C compiler (cc) on this machine")
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "peak"
        subprocess.run([compiler, *OPTIONS, SOURCE, "-o", program], check=True)
        rates = [operations_per_second(program) for _ in range(rounds)]
    rate = statistics.median(rates)
    print(
        f"{rate / 1e9:.0f} GFLOP/s on {cores()} cores "
        f"({min(rates) / 1e9:.0f} to {max(rates) / 1e9:.0f}, {rounds} rounds)"
    )
    for workload in WORKLOADS.values():
        if workload.widths:
            done = operations(workload)
            print(f"{workload.title}: {done / 1e6:,.1f} MFLOP a step, {done / rate * 1e6:,.1f} us")


if __name__ == "__main__":
    main()

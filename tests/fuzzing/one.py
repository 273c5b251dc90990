"""One target for some time, guided by which of our lines each input reaches: run by `campaign`.

    python -m fuzzing.one TARGET SECONDS FOLDER

`FOLDER/corpus` keeps the inputs that reached something new, `FOLDER` one for each place where
there was trouble; after that it goes on.
"""

import sys
import traceback
from hashlib import sha256
from pathlib import Path

import atheris

from fuzzing.catalogue import target_named
from fuzzing.sandbox import watched

MOST_TROUBLES = 20
SLOWEST_SECONDS = 20
MOST_MEGABYTES = 3_000
SHORTEST = 4_096


def main() -> None:
    name, seconds, folder = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
    with atheris.instrument_imports(include=["paribus", "PIL", "tarfile", "gzip", "json"]):
        module = target_named(name)
    corpus = folder / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    examples = (*module.SEEDS, *module.REGRESSIONS.values())
    for content in examples:
        (corpus / sha256(content).hexdigest()[:16]).write_bytes(content)

    troubles: set[tuple[object, ...]] = set()

    def test_one_input(content: bytes) -> None:
        try:
            with watched():
                module.target(content)
        except BaseException as error:
            where = traceback.extract_tb(error.__traceback__)[-1]
            if (trouble := (type(error), where.filename, where.lineno)) not in troubles:
                troubles.add(trouble)
                (folder / f"trouble-{len(troubles)}").write_bytes(content)
                print(f"FOUND {len(troubles)}", flush=True)  # noqa: T201 - a command
                traceback.print_exc()
            if isinstance(error, KeyboardInterrupt) or len(troubles) > MOST_TROUBLES:
                raise

    longest = max(SHORTEST, 2 * max(map(len, module.SEEDS)))
    atheris.Setup(
        [
            sys.argv[0],
            str(corpus),
            f"-max_total_time={seconds}",
            f"-timeout={SLOWEST_SECONDS}",
            f"-rss_limit_mb={MOST_MEGABYTES}",
            f"-max_len={longest}",
            f"-artifact_prefix={folder}/",
            "-print_final_stats=1",
        ],
        test_one_input,
    )
    atheris.Fuzz()


if __name__ == "__main__":
    main()

"""Lists of checksums, `SHA256SUMS`."""

from fuzzing.sandbox import fresh, told
from paribus.data.checksums import SUMS, listed_below, listed_sha256
from paribus.errors import DataError


def target(content: bytes) -> None:
    root = fresh("sums")
    (root / SUMS).write_bytes(content)
    folder = root / "mnist"
    folder.mkdir()
    (folder / "labels.gz").write_bytes(b"")
    with told(DataError):
        found = listed_sha256(folder / "labels.gz", root)
        assert found is None or len(found) == 64
    with told(DataError):
        assert all(".." not in name.split("/") for name in listed_below(folder, root))


LINE = b"0123456789abcdef" * 4 + b"  "
SEEDS = (
    LINE + b"mnist/labels.gz\n",
    LINE.upper() + b"./mnist/labels.gz\r\n" + LINE[:-1] + b"*mnist/images.gz\n",
    LINE + b"/mnist/labels.gz\n# a remark\n" + LINE + b"../mnist/labels.gz",
)
REGRESSIONS = {
    "a line without end": LINE + b"a" * (1 << 20),
    "a name that leaves the folder": LINE + b"mnist/../../labels.gz\n",
    "bytes that are no text": LINE + b"mnist/\xff\xfe\n",
    "a zero byte": LINE + b"mnist/\0\n",
    "nothing": b"",
}

"""Archives that a data set is published in, .tar.gz; also as the .tar within."""

import gzip
import io
import tarfile

from fuzzing.sandbox import fresh, told
from paribus.data.archives import unpack
from paribus.data.checksums import sha256
from paribus.data.official import Archive, FileSet, OfficialFile
from paribus.errors import DamagedDataError

BYTES = {"one.bin": b"one" * 100, "two.bin": b"two" * 7}
FILES = tuple(
    OfficialFile(name, len(content), None, sha256(content)) for name, content in BYTES.items()
)
TINY = FileSet(
    "tiny", "Tiny", FILES, (), Archive(OfficialFile("tiny.tar.gz", 1, None, ""), "tiny", ())
)


def target(content: bytes) -> None:
    home = fresh("archives")
    for number, whole in enumerate((content, gzip.compress(content, 1, mtime=0))):
        path, folder = home / f"{number}.tar.gz", home / str(number)
        path.write_bytes(whole)
        with told(DamagedDataError):
            unpack(path, TINY, FILES, folder)
        found = {one.name: one.read_bytes() for one in folder.iterdir()}
        assert found in ({}, BYTES)


def tar(form: int, *members: tuple[str, bytes], **fields) -> bytes:
    room = io.BytesIO()
    with tarfile.open(fileobj=room, mode="w", format=form) as archive:
        for name, content in members:
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            for field, value in fields.items():
                setattr(entry, field, value)
            archive.addfile(entry, io.BytesIO(content))
    return room.getvalue()


MEMBERS = tuple((f"tiny/{name}", content) for name, content in BYTES.items())
GNU, PAX = tarfile.GNU_FORMAT, tarfile.PAX_FORMAT
PLAIN = tar(GNU, *MEMBERS)
SEEDS = (
    gzip.compress(PLAIN, mtime=0),
    PLAIN,
    tar(PAX, *MEMBERS, pax_headers={"comment": "é" * 20, "size": "300"}),
    tar(GNU, ("tiny/" + "long" * 60, b"1"), *MEMBERS),
    tar(tarfile.USTAR_FORMAT, *MEMBERS),
)
REGRESSIONS = {
    "nothing": b"",
    "a bomb": bytes(1 << 22),
    "a path that leads out": tar(GNU, ("../escape", b"1"), *MEMBERS),
    "a path from the root": tar(GNU, ("/escape", b"1"), *MEMBERS),
    "a link": tar(GNU, *MEMBERS, type=tarfile.SYMTYPE, linkname="/etc/passwd"),
    "a size before zero": tar(PAX, *MEMBERS, pax_headers={"size": "-512"}),
    "a size that is no number": tar(PAX, *MEMBERS, pax_headers={"size": "many"}),
    "a size of 2**70": tar(PAX, *MEMBERS, pax_headers={"size": str(2**70)}),
    "a sparse map of words": tar(
        PAX, *MEMBERS, pax_headers={"GNU.sparse.map": "a,b", "GNU.sparse.size": "x"}
    ),
    "a time that is infinite": tar(PAX, *MEMBERS, pax_headers={"mtime": "inf"}),
    "a name with a line break": tar(GNU, ("../a\n\x1b[2J", b"1"), *MEMBERS),
    "half a header": PLAIN[:700],
}

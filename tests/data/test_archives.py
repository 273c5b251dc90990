"""Unpacking a published archive: what comes out, and what is refused."""

import gzip
import io
import tarfile
import tracemalloc
from dataclasses import replace

import pytest

from paribus.data.archives import unpack
from paribus.data.base import Source
from paribus.data.checksums import sha256
from paribus.data.files import locate_files, read_files
from paribus.data.official import Archive, OfficialFile
from paribus.errors import DamagedDataError, MissingDataError

CONTENTS = {"images.bin": bytes(range(256)) * 700, "labels.bin": b"labels" * 20}
MEMBERS = {"bin/images.bin": CONTENTS["images.bin"], "bin/labels.bin": CONTENTS["labels.bin"]}


def member(name, kind=tarfile.REGTYPE, size=0, **fields):
    info = tarfile.TarInfo(name)
    info.type, info.size = kind, size
    for field, value in fields.items():
        setattr(info, field, value)
    return info


def packed(contents, *others):
    """A .tar.gz of files by name, with other members (and their bytes) before them."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w:gz", compresslevel=1) as archive:
        for info, content in others:
            archive.addfile(info, io.BytesIO(content))
        for name, content in contents.items():
            archive.addfile(member(name, size=len(content)), io.BytesIO(content))
    return raw.getvalue()


WHOLE = packed(
    MEMBERS, (member("bin", tarfile.DIRTYPE), b""), (member("bin/readme.html", size=4), b"read")
)


@pytest.fixture
def packed_set(tiny, server):
    """Two files that are published in one archive, at the second of two mirrors."""
    files = [OfficialFile(n, len(c), None, sha256(c)) for n, c in CONTENTS.items()]
    archive = OfficialFile("tiny.tar.gz", len(WHOLE), "md5-of-it", sha256(WHOLE))
    server.bodies["/good/tiny.tar.gz"] = WHOLE
    return replace(
        tiny, files=tuple(files), archive=Archive(archive, "bin", ("tiny-py", "tiny-py.tar.gz"))
    )


@pytest.fixture
def unpacked(packed_set, tmp_path):
    """Unpacks these bytes; gives what is then where the files belong."""

    def unpacked(raw, files=packed_set.files):
        (tmp_path / "tiny.tar.gz").write_bytes(raw)
        unpack(tmp_path / "tiny.tar.gz", packed_set, files, tmp_path / "bin")
        return {path.name: path.read_bytes() for path in (tmp_path / "bin").iterdir()}

    return unpacked


@pytest.fixture
def refused(unpacked, tmp_path):
    """Why these bytes are refused, after the archive's name; nothing of them may be left."""

    def refused(raw):
        with pytest.raises(DamagedDataError) as caught:
            unpacked(raw)
        assert not list((tmp_path / "bin").iterdir())
        assert sorted(path.name for path in tmp_path.iterdir()) == ["bin", "tiny.tar.gz"]
        path, _, problem = str(caught.value).partition(": ")
        assert path == str(tmp_path / "tiny.tar.gz")
        return problem

    return refused


class TestUnpack:
    def test_the_files_come_out_and_nothing_else(self, unpacked):
        assert unpacked(WHOLE) == CONTENTS

    def test_only_those_asked_for_are_replaced(self, unpacked, packed_set, tmp_path):
        (tmp_path / "bin").mkdir()
        (tmp_path / "bin" / "images.bin").write_bytes(b"of one's own")
        found = unpacked(WHOLE, packed_set.files[1:])
        assert found == CONTENTS | {"images.bin": b"of one's own"}

    @pytest.mark.parametrize("name", ["../out", "/out", "bin/../../out", "bin/.."])
    def test_a_path_that_leads_out_is_refused(self, refused, name):
        raw = packed(MEMBERS, (member(name, size=3), b"bad"))
        assert refused(raw) == f"{name!r} leads out of it; fetch it again"

    @pytest.mark.parametrize(
        "kind",
        [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.DIRTYPE],
    )
    def test_what_is_no_ordinary_file_is_refused(self, refused, kind):
        link = member("bin/images.bin", kind, linkname="/etc/passwd")
        assert refused(packed({}, (link, b""))) == (
            "bin/images.bin is no ordinary file; fetch it again"
        )

    def test_a_sparse_file_is_refused(self, refused):
        headers = {"GNU.sparse.map": "0,1", "GNU.sparse.size": "179200"}
        sparse = member("bin/images.bin", size=1, pax_headers=headers)
        raw = io.BytesIO()
        with tarfile.open(fileobj=raw, mode="w:gz", format=tarfile.PAX_FORMAT) as archive:
            archive.addfile(sparse, io.BytesIO(b"x"))
        assert refused(raw.getvalue()) == "bin/images.bin is no ordinary file; fetch it again"

    def test_another_size_is_refused_before_it_is_read(self, refused):
        raw = packed(MEMBERS | {"bin/labels.bin": b"short"})
        assert refused(raw) == (
            "bin/labels.bin: 5 bytes; the official file has 120; fetch it again"
        )

    def test_other_bytes_are_refused(self, refused):
        other = b"x" * len(CONTENTS["labels.bin"])
        assert refused(packed(MEMBERS | {"bin/labels.bin": other})) == (
            f"bin/labels.bin: sha256 is {sha256(other)}; the official file's is "
            f"{sha256(CONTENTS['labels.bin'])}; fetch it again"
        )

    def test_a_file_that_comes_twice_is_refused(self, refused):
        again = member("bin/labels.bin", size=120), CONTENTS["labels.bin"]
        assert refused(packed(MEMBERS, again)) == "bin/labels.bin is in it twice; fetch it again"

    def test_all_that_it_lacks_is_named(self, refused):
        raw = packed({f"other/{name}": content for name, content in CONTENTS.items()})
        assert refused(raw) == "lacks bin/images.bin, bin/labels.bin; fetch it again"

    @pytest.mark.parametrize(
        ("raw", "problem"),
        [
            (b"", "not a sound .tar.gz archive ("),
            (b"<!DOCTYPE html>", "not a sound .tar.gz archive (Not a gzipped file"),
            (WHOLE[:-9], "not a sound .tar.gz archive ("),
            (WHOLE[:200], "not a sound .tar.gz archive ("),
            (WHOLE[:100] + b"\0\0\0\0\0\0\0\0" + WHOLE[108:], "not a sound .tar.gz archive ("),
            (gzip.compress(b"no archive" * 100, mtime=0), "not a sound .tar.gz archive ("),
        ],
        ids=["empty", "a page", "truncated", "cut short", "altered", "no archive"],
    )
    def test_what_is_no_sound_archive_is_refused(self, refused, raw, problem):
        assert refused(raw).startswith(problem)

    @pytest.mark.parametrize("kind", [tarfile.REGTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.XHDTYPE])
    def test_a_bomb_is_expanded_no_further_than_the_files_are_large(self, refused, kind):
        size = 64 << 20
        raw = packed({}, (member("bomb", kind, size), bytes(size)))
        tracemalloc.start()
        try:
            said = refused(raw)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert said == "expands to more than the 1,227,896 bytes that it may hold; fetch it again"
        assert peak < size // 8


class TestDownloaded:
    def test_the_archive_is_fetched_unpacked_and_removed(self, packed_set, tmp_path, server):
        contents = read_files(packed_set, Source(cache=tmp_path))
        assert contents.files == CONTENTS
        assert contents.location.state == "verified"
        assert contents.location.path == tmp_path / "tiny" / "bin"
        assert [path.name for path in (tmp_path / "tiny").iterdir()] == ["bin"]
        assert server.asked == ["/none/tiny.tar.gz", "/good/tiny.tar.gz"]
        assert locate_files(packed_set, Source(cache=tmp_path)) == contents.location

    def test_an_archive_that_is_there_is_not_fetched_again(self, packed_set, tmp_path, server):
        (tmp_path / "tiny").mkdir()
        (tmp_path / "tiny" / "tiny.tar.gz").write_bytes(WHOLE)
        assert read_files(packed_set, Source(cache=tmp_path)).files == CONTENTS
        assert not server.asked

    def test_a_damaged_archive_that_is_there_is_replaced(self, packed_set, tmp_path):
        (tmp_path / "tiny").mkdir()
        (tmp_path / "tiny" / "tiny.tar.gz").write_bytes(WHOLE[:-1])
        assert read_files(packed_set, Source(cache=tmp_path)).files == CONTENTS

    def test_a_file_in_the_folders_way_is_a_failure(self, packed_set, tmp_path):
        (tmp_path / "tiny").mkdir()
        (tmp_path / "tiny" / "bin").write_text("in the way")
        with pytest.raises(MissingDataError, match=f"{tmp_path}/tiny/bin: File exists"):
            read_files(packed_set, Source(cache=tmp_path))

    def test_without_it_the_message_says_what_to_unpack(self, packed_set, tmp_path, server):
        del server.bodies["/good/tiny.tar.gz"]
        with pytest.raises(MissingDataError) as caught:
            read_files(packed_set, Source(cache=tmp_path))
        lines = str(caught.value).splitlines()
        failed = lines.index("Could not be downloaded:")
        assert lines[:failed] == [
            "Tiny is not here: 2 of 2 files missing:",
            "  images.bin (179,200 bytes)",
            "  labels.bin (120 bytes)",
            f"Looked in {tmp_path / 'tiny' / 'bin'}",
        ]
        assert lines[failed + 3 :] == [
            f"They are in tiny.tar.gz ({len(WHOLE):,} bytes, md5 md5-of-it):",
            f"  {packed_set.mirrors[0]}tiny.tar.gz",
            f"  {packed_set.mirrors[1]}tiny.tar.gz",
            f"Unpack it into {tmp_path / 'tiny'}",
            "or into FOLDER/tiny: --data-dir FOLDER, PARIBUS_DATA=FOLDER",
        ]


class TestFolder:
    @pytest.mark.parametrize("place", ["tiny/bin", "tiny", "bin", "."])
    def test_files_are_found_wherever_they_were_unpacked(self, packed_set, tmp_path, place):
        (tmp_path / place).mkdir(parents=True, exist_ok=True)
        for name, content in CONTENTS.items():
            (tmp_path / place / name).write_bytes(content)
        location = locate_files(packed_set, Source(tmp_path))
        assert (location.state, location.path) == ("verified", tmp_path / place)

    @pytest.mark.parametrize("where", ["tiny/bin", "tiny", "."])
    def test_a_list_in_any_folder_above_makes_a_local_copy(self, packed_set, tmp_path, where):
        home = tmp_path / "tiny" / "bin"
        home.mkdir(parents=True)
        lines = []
        for name in CONTENTS:
            (home / name).write_bytes(b"my own")
            relative = (home / name).relative_to(tmp_path / where)
            lines.append(f"{sha256(b'my own')}  ./{relative}\n")
        (tmp_path / where / "SHA256SUMS").write_text("".join(lines))
        assert locate_files(packed_set, Source(tmp_path)).state == "local copy"

    def test_a_damaged_file_is_to_be_taken_from_the_archive(self, packed_set, tmp_path):
        for name, content in CONTENTS.items():
            (tmp_path / name).write_bytes(content)
        folder = tmp_path.rename(tmp_path.parent / "tiny")
        (folder / "labels.bin").write_bytes(b"x")
        with pytest.raises(DamagedDataError, match="1 bytes; the official file has 120") as caught:
            locate_files(packed_set, Source(folder))
        assert f"Fetch it again from {packed_set.mirrors[0]}tiny.tar.gz ;" in str(caught.value)

    def test_a_folder_is_never_written_into(self, packed_set, tmp_path, server):
        (tmp_path / "tiny.tar.gz").write_bytes(WHOLE)
        with pytest.raises(MissingDataError) as caught:
            read_files(packed_set, Source(tmp_path))
        assert [path.name for path in tmp_path.iterdir()] == ["tiny.tar.gz"]
        assert not server.asked
        message = str(caught.value)
        assert f"There is {tmp_path / 'tiny.tar.gz'}, which is not unpacked yet\n" in message
        places = [tmp_path / place for place in ("tiny/bin", "tiny", "bin", ".")]
        assert f"Looked in {' and '.join(map(str, places))}\n" in message

    @pytest.mark.parametrize("name", ["tiny-py", "tiny/tiny-py", "tiny-py.tar.gz"])
    def test_pickles_are_named_and_passed_over(self, packed_set, tmp_path, name):
        (tmp_path / name).mkdir(parents=True)
        with pytest.raises(MissingDataError) as caught:
            read_files(packed_set, Source(tmp_path))
        assert f"Passed over {tmp_path / name}: it holds pickles" in str(caught.value)
        assert "Paribus reads the binary version, tiny.tar.gz\n" in str(caught.value)

    def test_a_folder_of_pickles_given_itself_is_told_so(self, packed_set, tmp_path):
        (tmp_path / "tiny-py").mkdir()
        with pytest.raises(MissingDataError, match=f"Passed over {tmp_path}/tiny-py: it holds"):
            read_files(packed_set, Source(tmp_path / "tiny-py"))

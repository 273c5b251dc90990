import re
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from paribus.data.base import Source
from paribus.data.checksums import fingerprint_of_files, sha256
from paribus.data.files import find_source, locate_files, read_files
from paribus.errors import DamagedDataError, DataError, MissingDataError

OTHER = b"a copy of one's own"


def list_sums(folder, sums):
    lines = [f"{value}  {name}\n" for name, value in sums.items()]
    (folder / "SHA256SUMS").write_text("".join(lines))


def change(path, content=OTHER):
    path.write_bytes(content)
    return sha256(content)


def same_size(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    return change(path, bytes(content))


class TestVerified:
    def test_official_bytes_are_verified_and_read(self, tiny, folder):
        contents = read_files(tiny, Source(folder))
        assert contents.location == locate_files(tiny, Source(folder))
        assert contents.location.state == "verified"
        assert contents.location.path == folder / "tiny"
        assert contents.location.bytes == sum(file.bytes for file in tiny.files)
        assert {name: sha256(content) for name, content in contents.files.items()} == {
            file.name: file.sha256 for file in tiny.files
        }

    def test_the_fingerprint_depends_on_the_bytes_alone(self, tiny, folder, tmp_path):
        here = locate_files(tiny, Source(folder))
        elsewhere = shutil.copytree(folder, tmp_path / "elsewhere")
        assert locate_files(tiny, Source(elsewhere)).fingerprint == here.fingerprint
        sums = {file.name: file.sha256 for file in reversed(tiny.files)}
        assert fingerprint_of_files(sums) == here.fingerprint
        list_sums(folder / "tiny", {"labels.gz": change(folder / "tiny" / "labels.gz")})
        assert locate_files(tiny, Source(folder)).fingerprint != here.fingerprint

    def test_official_bytes_win_over_a_wrong_list(self, tiny, folder):
        list_sums(folder / "tiny", {file.name: "0" * 64 for file in tiny.files})
        assert locate_files(tiny, Source(folder)).state == "verified"

    def test_the_cache_is_read_without_asking_the_network(self, tiny, folder, server):
        assert read_files(tiny, Source(cache=folder)).location.state == "verified"
        assert not server.asked


class TestLooseFiles:
    def test_official_files_in_the_folder_itself_are_taken(self, tiny, folder):
        assert locate_files(tiny, Source(folder / "tiny")).path == folder / "tiny"
        loose = (folder / "tiny").rename(folder / "loose")
        assert locate_files(tiny, Source(loose)).path == loose

    def test_the_data_sets_own_folder_comes_first(self, tiny, folder):
        for file in tiny.files:
            shutil.copy(folder / "tiny" / file.name, folder)
        assert locate_files(tiny, Source(folder)).path == folder / "tiny"

    def test_files_of_the_same_names_but_other_bytes_are_passed_over(self, tiny, folder):
        loose = (folder / "tiny").rename(folder / "loose")
        list_sums(loose, {"labels.gz": change(loose / "labels.gz")})
        assert locate_files(tiny, Source(loose)).state == "absent"
        with pytest.raises(MissingDataError) as caught:
            read_files(tiny, Source(loose))
        message = str(caught.value)
        assert f"Passed over in {loose}, because the bytes are not those of Tiny" in message
        assert f"a copy of your own belongs in {loose / 'tiny'}):\n  labels.gz\n" in message

    def test_in_a_folder_of_the_data_sets_name_they_are_damaged(self, tiny, folder):
        change(folder / "tiny" / "labels.gz")
        with pytest.raises(DamagedDataError, match=r"labels\.gz: not the Tiny file, or damaged"):
            read_files(tiny, Source(folder / "tiny"))

    def test_what_is_missing_beside_loose_files_belongs_there_too(self, tiny, folder):
        loose = (folder / "tiny").rename(folder / "loose")
        (loose / "labels.gz").unlink()
        with pytest.raises(MissingDataError) as caught:
            read_files(tiny, Source(loose))
        assert "1 of 2 files missing:\n  labels.gz (120 bytes" in str(caught.value)
        assert f"and put them into {loose}\n" in str(caught.value)


class TestLocalCopy:
    @pytest.mark.parametrize(
        ("where", "name"),
        [
            ("tiny", "labels.gz"),
            ("tiny", "./labels.gz"),
            (".", "tiny/labels.gz"),
            (".", "./tiny/labels.gz"),
        ],
    )
    def test_a_listed_file_makes_a_local_copy(self, tiny, folder, where, name):
        got = change(folder / "tiny" / "labels.gz")
        list_sums(folder / where, {"README": "0" * 64, name: got.upper()})
        contents = read_files(tiny, Source(folder))
        assert contents.location.state == "local copy"
        assert contents.files["labels.gz"] == OTHER

    def test_binary_marks_and_foreign_lines_are_understood(self, tiny, folder):
        got = change(folder / "tiny" / "labels.gz")
        text = f"# made by hand\n\xff\n{got} *labels.gz\r\n"
        (folder / "tiny" / "SHA256SUMS").write_bytes(text.encode("latin-1"))
        assert locate_files(tiny, Source(folder)).state == "local copy"

    def test_a_list_above_the_data_folder_does_not_count(self, tiny, folder):
        list_sums(folder.parent, {"data/tiny/labels.gz": change(folder / "tiny" / "labels.gz")})
        with pytest.raises(DamagedDataError):
            locate_files(tiny, Source(folder))

    def test_a_file_that_differs_from_both_is_damaged(self, tiny, folder):
        official, listed = tiny.files[1].sha256, "ab" * 32
        got = change(folder / "tiny" / "labels.gz")
        list_sums(folder, {"tiny/labels.gz": listed})
        with pytest.raises(DamagedDataError) as caught:
            locate_files(tiny, Source(folder))
        assert all(part in str(caught.value) for part in (official, listed, got))


class TestDamaged:
    def test_a_truncated_file_names_both_sizes(self, tiny, folder):
        path = folder / "tiny" / "images.gz"
        change(path, path.read_bytes()[:-200])
        with pytest.raises(DamagedDataError) as caught:
            read_files(tiny, Source(folder))
        assert str(caught.value) == (
            f"{path}: not the Tiny file, or damaged: 179,000 bytes; the official file has "
            f"179,200. Fetch it again from {tiny.mirrors[0]}images.gz ; if it is a copy of your "
            f"own, list it in {path.parent / 'SHA256SUMS'}."
        )

    def test_an_altered_file_names_both_checksums(self, tiny, folder):
        path = folder / "tiny" / "images.gz"
        got = same_size(path)
        for look in (read_files, locate_files):
            with pytest.raises(DamagedDataError) as caught:
                look(tiny, Source(folder))
            assert f"sha256 is {got}; the official file's is {tiny.files[0].sha256}. " in str(
                caught.value
            )

    def test_in_the_cache_the_advice_is_to_delete_it(self, tiny, folder, server):
        same_size(folder / "tiny" / "images.gz")
        with pytest.raises(DamagedDataError, match=r"Delete it and run again: it will be downl"):
            read_files(tiny, Source(cache=folder))
        assert not server.asked

    def test_what_the_system_refuses_is_one_message(self, tiny, tmp_path):
        with pytest.raises(DataError, match=r"cannot be read: File name too long\. Make it"):
            read_files(tiny, Source(tmp_path / ("x" * 300)))


class TestMissing:
    def test_a_folder_is_never_filled_by_download(self, tiny, tmp_path, server):
        with pytest.raises(MissingDataError) as caught:
            read_files(tiny, Source(tmp_path))
        assert not server.asked
        assert not list(tmp_path.iterdir())
        assert str(caught.value) == "\n".join(
            [
                "Tiny is not here: 2 of 2 files missing:",
                "  images.gz (179,200 bytes, md5 md5-of-images.gz)",
                "  labels.gz (120 bytes, md5 md5-of-labels.gz)",
                f"Looked in {tmp_path / 'tiny'} and {tmp_path}",
                "Fetch each, under its name, from one of",
                f"  {tiny.mirrors[0]}<file name>",
                f"  {tiny.mirrors[1]}<file name>",
                f"and put them into {tmp_path / 'tiny'}",
                "or leave out --data-dir and PARIBUS_DATA, and they will be downloaded",
            ]
        )

    def test_a_folder_that_is_not_there_is_said(self, tiny, tmp_path):
        with pytest.raises(MissingDataError, match=f"There is no folder {tmp_path}/nowhere"):
            read_files(tiny, Source(tmp_path / "nowhere"))

    def test_a_folder_in_place_of_a_file_is_a_missing_file(self, tiny, folder):
        (folder / "tiny" / "labels.gz").unlink()
        (folder / "tiny" / "labels.gz").mkdir()
        with pytest.raises(MissingDataError, match=r"1 of 2 files missing:\n  labels\.gz"):
            read_files(tiny, Source(folder))

    def test_one_file_missing_is_absent(self, tiny, folder):
        (folder / "tiny" / "labels.gz").unlink()
        location = locate_files(tiny, Source(folder))
        assert (location.state, location.path, location.bytes) == ("absent", None, 0)
        sums = {file.name: file.sha256 for file in tiny.files}
        assert location.fingerprint == fingerprint_of_files(sums)

    def test_locating_never_downloads(self, tiny, tmp_path, server):
        assert locate_files(tiny, Source(cache=tmp_path)).state == "absent"
        assert not server.asked


class TestDownloaded:
    def test_missing_files_come_into_the_cache(self, tiny, tmp_path, server):
        contents = read_files(tiny, Source(cache=tmp_path / "cache"))
        assert contents.location.state == "verified"
        assert contents.location.path == tmp_path / "cache" / "tiny"
        asked = len(server.asked)
        assert read_files(tiny, Source(cache=tmp_path / "cache")) == contents
        assert len(server.asked) == asked

    def test_only_what_is_missing_is_fetched(self, tiny, folder, server):
        (folder / "tiny" / "labels.gz").unlink()
        read_files(tiny, Source(cache=folder))
        assert server.asked == ["/none/labels.gz", "/good/labels.gz"]

    def test_without_a_network_the_message_says_all(self, tiny, tmp_path):
        offline = replace(tiny, mirrors=("http://127.0.0.1:1/a/", "http://127.0.0.1:1/b/"))
        with pytest.raises(MissingDataError) as caught:
            read_files(offline, Source(cache=tmp_path))
        home = tmp_path / "tiny"
        # The number of the error is the operating system's own.
        message = re.sub(r"\[Errno \d+\]", "[Errno N]", str(caught.value))
        assert message == "\n".join(
            [
                "Tiny is not here: 2 of 2 files missing:",
                "  images.gz (179,200 bytes, md5 md5-of-images.gz)",
                "  labels.gz (120 bytes, md5 md5-of-labels.gz)",
                f"Looked in {home}",
                "Could not be downloaded:",
                "  http://127.0.0.1:1/a/images.gz: Failed to establish a new connection: "
                "[Errno N] Connection refused",
                "  http://127.0.0.1:1/b/images.gz: Failed to establish a new connection: "
                "[Errno N] Connection refused",
                "Fetch each, under its name, from one of",
                "  http://127.0.0.1:1/a/<file name>",
                "  http://127.0.0.1:1/b/<file name>",
                f"and put them into {home}",
                "or into FOLDER/tiny: --data-dir FOLDER, PARIBUS_DATA=FOLDER",
            ]
        )


def test_the_option_wins_over_the_environment():
    environment = {"PARIBUS_DATA": "~/there"}
    assert find_source(Path("here"), environment) == Source(Path("here"))
    assert find_source(None, environment) == Source(Path.home() / "there")
    assert find_source(None, {"PARIBUS_DATA": ""}) == find_source(None, {}) == Source()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere no variable moves the cache")
def test_without_a_folder_the_users_own_cache_is_meant(tiny, folder, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "cache" / "paribus").mkdir(parents=True)
    folder.rename(tmp_path / "cache" / "paribus" / "data")
    assert locate_files(tiny, Source()).path == tmp_path / "cache" / "paribus" / "data" / "tiny"

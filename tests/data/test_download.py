import sys

import pytest

from paribus.data.checksums import sha256
from paribus.data.download import download

BIG = b"z" * 300_000


@pytest.fixture
def image(tiny):
    return tiny.files[0]


def fetch(image, tmp_path, *mirrors):
    """What failed; whatever did, nothing may be left but the file itself."""
    failures = download([image], mirrors, tmp_path)
    left = [path.name for path in tmp_path.iterdir()]
    assert left == ([] if failures else [image.name])
    return failures


def test_a_file_is_fetched_whole(server, image, tmp_path):
    assert fetch(image, tmp_path, server.mirror("good")) == ()
    assert (tmp_path / image.name).read_bytes() == server.bodies["/good/images.gz"]


def test_the_next_mirror_is_tried(server, image, tmp_path):
    server.bodies["/bad/images.gz"] = b"a login page"
    mirrors = [server.mirror(name) for name in ("none", "bad", "good", "unused")]
    assert fetch(image, tmp_path, "http://127.0.0.1:1/", *mirrors) == ()
    assert server.asked == ["/none/images.gz", "/bad/images.gz", "/good/images.gz"]


def test_the_first_file_that_no_mirror_has_ends_it(server, tiny, tmp_path):
    del server.bodies["/good/images.gz"]
    failures = download(tiny.files, tiny.mirrors, tmp_path)
    assert [line.partition(": ")[0] for line in failures] == [
        f"{mirror}images.gz" for mirror in tiny.mirrors
    ]
    assert "404" in failures[0]
    assert server.asked == ["/none/images.gz", "/good/images.gz"]


def test_wrong_bytes_of_the_right_length_are_refused(server, image, tmp_path):
    server.bodies["/bad/images.gz"] = b"x" * image.bytes
    (failure,) = fetch(image, tmp_path, server.mirror("bad"))
    got = sha256(b"x" * image.bytes)
    assert failure.endswith(f"sent other bytes: sha256 {got} instead of {image.sha256}")


def test_more_bytes_than_the_file_has_are_refused_at_once(server, image, tmp_path):
    server.bodies["/bad/images.gz"] = BIG
    server.announced["/bad/images.gz"] = None
    (failure,) = fetch(image, tmp_path, server.mirror("bad"))
    assert failure.endswith("sent more than the 179,200 bytes of this file")


@pytest.mark.parametrize("announced", [179_200, 100_000, None])
def test_a_partial_download_leaves_nothing(server, image, tmp_path, announced):
    server.bodies["/bad/images.gz"] = server.bodies["/good/images.gz"][:100_000]
    server.announced["/bad/images.gz"] = announced
    (failure,) = fetch(image, tmp_path, server.mirror("bad"))
    assert "100,000 of 179,200 bytes" in failure or "100000 bytes read" in failure


def test_a_file_that_is_there_is_replaced_only_by_a_whole_one(server, image, tmp_path):
    (tmp_path / image.name).write_bytes(b"before")
    server.bodies["/bad/images.gz"] = b"short"
    assert download([image], [server.mirror("bad")], tmp_path)
    assert (tmp_path / image.name).read_bytes() == b"before"
    with (tmp_path / image.name).open("rb") as opened_before:
        assert not download([image], [server.mirror("good")], tmp_path)
        # Renamed over, not written into: who has the old file open still reads the old one.
        assert opened_before.read() == b"before"
    assert (tmp_path / image.name).stat().st_size == image.bytes


def test_a_folder_that_cannot_be_made_is_a_failure(image, tmp_path):
    (tmp_path / "file").write_text("in the way")
    failures = download([image], [], tmp_path / "file" / "folder")
    assert failures == (f"{tmp_path / 'file' / 'folder'}: Not a directory",)


def test_an_address_that_is_none_is_a_failure(image, tmp_path):
    (failure,) = fetch(image, tmp_path, "http://[/")
    assert failure.startswith("http://[/images.gz: ")


def test_nothing_is_shown_where_stderr_is_no_terminal(server, image, tmp_path, capfd, monkeypatch):
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    fetch(image, tmp_path, server.mirror("good"))
    assert capfd.readouterr() == ("", "")


def test_progress_is_shown_on_stderr_of_a_terminal(server, image, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    fetch(image, tmp_path, server.mirror("good"))
    out, err = capsys.readouterr()
    assert out == ""
    assert "images.gz" in err
    assert "179.2/179.2 kB" in err

"""What was found in reading outside names and files, where the trouble is not in their bytes."""

import os
import tracemalloc
import zlib
from contextlib import contextmanager

import numpy as np
import pytest

from paribus.cli.arguments import find_study
from paribus.data import MNIST, ImageFolder
from paribus.data.base import Source
from paribus.data.checksums import SUMS, listed_sha256
from paribus.data.files import find_source
from paribus.data.idx_images import MNIST_FILES
from paribus.errors import (
    DamagedDataError,
    DamagedLabError,
    DataError,
    DeclarationError,
    StudyFileError,
)
from paribus.store.arrays import decode, encode

LONG = "a" * 5_000


@pytest.mark.parametrize("name", [f"{LONG}.py", f"{LONG}/study.py", "a\0b.py"])
def test_a_study_file_of_an_impossible_name_is_not_there(name):
    with pytest.raises(StudyFileError, match="no study file"):
        find_study(name)


@pytest.mark.parametrize("name", [LONG, "a\0b"])
def test_a_folder_of_an_impossible_name_is_not_there(tmp_path, name):
    with pytest.raises(DeclarationError, match=r"cannot be read|is not there|null byte"):
        ImageFolder(folder=tmp_path / name, mode="grayscale").facts()


def test_a_home_of_nobody_is_no_folder_of_data():
    with pytest.raises(DataError, match=r"got '~nobody-of-this-name/data'.*by its whole path"):
        find_source(None, {"PARIBUS_DATA": "~nobody-of-this-name/data"})


def test_a_listed_copy_is_not_read_at_any_length(tmp_path):
    home = tmp_path / "mnist"
    home.mkdir()
    for file in MNIST_FILES.files:
        (home / file.name).touch()
    first = MNIST_FILES.files[0]
    lines = [f"{'0' * 64}  {file.name}\n" for file in MNIST_FILES.files]
    (home / SUMS).write_text("".join(lines))
    os.truncate(home / first.name, 1 << 40)  # a file with a hole: it takes no room

    with pytest.raises(DamagedDataError, match=r"1,099,511,627,776 bytes.*a copy may have"):
        MNIST().load(Source(folder=tmp_path))


def test_links_that_go_round_in_circles_are_told_of(tmp_path):
    for split in ("train", "val"):
        (tmp_path / split).mkdir()
        (tmp_path / split / "a").symlink_to(tmp_path / split / "b")
        (tmp_path / split / "b").symlink_to(tmp_path / split / "a")

    with pytest.raises(DeclarationError, match="symbolic links that lead nowhere: train/a"):
        ImageFolder(folder=tmp_path, mode="grayscale").facts()


def test_an_array_that_would_expand_without_end_takes_no_room():
    whole = zlib.decompress(encode([np.zeros(2)]))
    bomb = zlib.compress(whole + bytes(64 << 20))

    with little_room(), pytest.raises(DamagedLabError, match="does not hold the 16 bytes"):
        decode(bomb)


def test_a_list_without_a_line_takes_no_room(tmp_path):
    (tmp_path / SUMS).write_bytes(b"0" * (64 << 20))
    with little_room():
        assert listed_sha256(tmp_path / "labels.gz", tmp_path) is None


@contextmanager
def little_room():
    """A context that may take a megabyte of memory."""
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()

"""Fashion-MNIST and MNIST: their official files, and what a local copy may do wrong."""

import gzip
import hashlib
import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from paribus.data import MNIST, FashionMNIST
from paribus.data.base import Source
from paribus.data.checksums import sha256
from paribus.data.files import read_files
from paribus.data.idx_images import FASHION_MNIST_FILES, MNIST_FILES
from paribus.errors import DamagedDataError, MissingDataError

SPECS = [FashionMNIST(), MNIST()]
SETS = [FASHION_MNIST_FILES, MNIST_FILES]


def idx(shape, content):
    header = struct.pack(f">4B{len(shape)}I", 0, 0, 8, len(shape), *shape)
    return gzip.compress(header + content, compresslevel=1, mtime=0)


@pytest.fixture(scope="module")
def blank(tmp_path_factory):
    """A local copy of MNIST: blank images, all of class 0, listed in a SHA256SUMS."""
    home = tmp_path_factory.mktemp("copy") / "mnist"
    home.mkdir()
    for part, count in (("train", 60_000), ("t10k", 10_000)):
        images = idx((count, 28, 28), bytes(count * 784))
        (home / f"{part}-images-idx3-ubyte.gz").write_bytes(images)
        (home / f"{part}-labels-idx1-ubyte.gz").write_bytes(idx((count,), bytes(count)))
    list_sums(home)
    return home.parent


def list_sums(home):
    lines = [f"{sha256(path.read_bytes())}  {path.name}\n" for path in sorted(home.glob("*.gz"))]
    (home / "SHA256SUMS").write_text("".join(lines))


@pytest.fixture
def copy(blank, tmp_path):
    home = tmp_path / "mnist"
    home.mkdir()
    for path in (blank / "mnist").iterdir():
        (home / path.name).symlink_to(path)
    (home / "SHA256SUMS").unlink()
    return home


def put(home, name, content):
    (home / name).unlink()
    (home / name).write_bytes(content)
    list_sums(home)


class TestOfficial:
    @pytest.mark.parametrize("files", SETS, ids=lambda files: files.name)
    def test_sizes_and_both_checksums_are_those_of_the_files(self, files, real):
        for file in files.files:
            content = (real.folder / files.name / file.name).read_bytes()
            assert len(content) == file.bytes
            assert hashlib.md5(content).hexdigest() == file.md5
            assert hashlib.sha256(content).hexdigest() == file.sha256

    @pytest.mark.parametrize(
        ("spec", "means"),
        [(FashionMNIST(), (0.2860, 0.2868)), (MNIST(), (0.1307, 0.1325))],
        ids=lambda spec: getattr(spec, "kind", ""),
    )
    def test_the_arrays_are_the_published_ones(self, spec, means, real):
        assert spec.locate(real).state == "verified"
        dataset = spec.load(real)
        for split, size, mean in zip(
            (dataset.train, dataset.test), (60_000, 10_000), means, strict=True
        ):
            assert len(split) == size
            assert dataset.inputs[split].mean() / 255 == pytest.approx(mean, abs=5e-5)
        if spec.kind == "fashion_mnist":
            assert set(np.bincount(dataset.targets[dataset.train])) == {6_000}
        assert dataset.inputs.dtype == np.uint8
        assert len(dataset.classes) == len(set(dataset.classes)) == 10

    def test_the_first_garment_is_an_ankle_boot(self, real):
        dataset = FashionMNIST().load(real)
        assert dataset.classes[dataset.targets[dataset.train[0]]] == "Ankle boot"

    def test_one_set_is_not_taken_for_the_other(self, real):
        assert MNIST().locate(Source(real.folder / "fashion_mnist")).state == "absent"
        with pytest.raises(MissingDataError, match="not those of MNIST"):
            MNIST().load(Source(real.folder / "fashion_mnist"))

    def test_the_real_files_come_through_a_download(self, real, server, tmp_path):
        for file in MNIST_FILES.files:
            content = (real.folder / "mnist" / file.name).read_bytes()
            server.bodies[f"/here/{file.name}"] = content
        here = replace(MNIST_FILES, mirrors=(server.mirror("here"),))
        read_files(here, Source(cache=tmp_path))
        cached = Source(cache=tmp_path)
        assert MNIST().locate(cached).state == "verified"
        assert MNIST().locate(cached).fingerprint == MNIST().locate(real).fingerprint

    def test_a_truncated_real_file_is_one_message(self, real, tmp_path):
        home = tmp_path / "mnist"
        home.mkdir()
        for file in MNIST_FILES.files:
            (home / file.name).symlink_to((real.folder / "mnist" / file.name).resolve())
        name = "t10k-labels-idx1-ubyte.gz"
        content = (home / name).read_bytes()
        (home / name).unlink()
        (home / name).write_bytes(content[:4000])
        with pytest.raises(DamagedDataError, match=r"4,000 bytes; the official file has 4,542"):
            MNIST().load(Source(tmp_path))


class TestDeclared:
    @pytest.mark.parametrize("files", SETS, ids=lambda files: files.name)
    def test_the_files_are_named_as_everywhere(self, files):
        assert [file.name for file in files.files] == [
            "train-images-idx3-ubyte.gz",
            "train-labels-idx1-ubyte.gz",
            "t10k-images-idx3-ubyte.gz",
            "t10k-labels-idx1-ubyte.gz",
        ]
        assert all(mirror.endswith("/") for mirror in files.mirrors)

    @pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.kind)
    def test_missing_files_are_all_named(self, spec, tmp_path):
        assert spec.locate(Source(tmp_path)).state == "absent"
        with pytest.raises(MissingDataError) as caught:
            spec.load(Source(tmp_path))
        message = str(caught.value)
        assert all(file.name in message for file in MNIST_FILES.files)
        assert f"put them into {tmp_path / spec.kind}\n" in message


class TestLocalCopy:
    def test_it_is_loaded_and_recorded_as_one(self, blank):
        location = MNIST().locate(Source(blank))
        assert location.state == "local copy"
        dataset = MNIST().load(Source(blank))
        assert dataset.fingerprint == location.fingerprint
        assert dataset.facts == MNIST().facts()
        assert not dataset.inputs.any()

    @pytest.mark.parametrize(
        ("name", "content", "problem"),
        [
            ("t10k-labels-idx1-ubyte.gz", idx((5,), bytes(5)), "its array is (5,); it should be"),
            (
                "t10k-images-idx3-ubyte.gz",
                idx((10_000, 784), bytes(7_840_000)),
                "its array is (10000, 784); it should be (10000, 28, 28)",
            ),
            (
                "t10k-labels-idx1-ubyte.gz",
                idx((10_000,), bytes(9_999) + b"\x0a"),
                "holds 10; classes are 0 to 9",
            ),
            ("t10k-labels-idx1-ubyte.gz", idx((10_000,), b"")[:-9], "is truncated"),
            ("t10k-labels-idx1-ubyte.gz", idx((10_000,), bytes(99)), "truncated: 99 elements"),
        ],
    )
    def test_what_it_holds_is_checked(self, copy, name, content, problem):
        put(copy, name, content)
        with pytest.raises(DamagedDataError) as caught:
            MNIST().load(Source(copy.parent))
        assert str(caught.value).startswith(f"{Path(copy, name)}: {problem}")

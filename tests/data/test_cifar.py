"""CIFAR-10: its records, the copies that it may come in, and the real pictures."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from paribus.data import CIFAR10, Normalize
from paribus.data.base import Source
from paribus.data.cifar import CIFAR10_FILES, luma, read_records
from paribus.data.files import official_fingerprint
from paribus.errors import DamagedDataError, DeclarationError, MissingDataError

NAMES = [file.name for file in CIFAR10_FILES.files]
RECORD, BYTES = 3_073, 30_730_000
GRAY = CIFAR10(grayscale=True)


def pattern(label):
    """Planes (3, 32, 32) of a made-up picture, no two of whose values lie alike."""
    return ((np.arange(3 * 32 * 32) * 7 + np.arange(3 * 32 * 32) // 251 + label) % 256).reshape(
        3, 32, 32
    )


def record(label, planes=None):
    planes = pattern(label) if planes is None else planes
    return bytes([label]) + planes.astype(np.uint8).tobytes()


def put(path, content):
    """A batch that begins with `content` and is blank after it; takes no room on the disk."""
    path.unlink(missing_ok=True)
    with path.open("wb") as stream:
        stream.write(content)
        stream.truncate(BYTES)


def list_sums(folder):
    lines = []
    for path in sorted(folder.rglob("*.bin")):
        with path.open("rb") as stream:
            got = hashlib.file_digest(stream, "sha256").hexdigest()
        lines.append(f"{got}  {path.relative_to(folder)}\n")
    (folder / "SHA256SUMS").write_text("".join(lines))


@pytest.fixture(scope="module")
def blank(tmp_path_factory):
    """A local copy: the first picture of each file is of its number's class, all else blank."""
    root = tmp_path_factory.mktemp("copy")
    home = root / "cifar10" / "cifar-10-batches-bin"
    home.mkdir(parents=True)
    for number, name in enumerate(NAMES):
        put(home / name, record(number))
    list_sums(root / "cifar10")
    return root


@pytest.fixture
def copy(blank, tmp_path):
    home = tmp_path / "cifar10" / "cifar-10-batches-bin"
    home.mkdir(parents=True)
    for name in NAMES:
        (home / name).symlink_to(blank / "cifar10" / "cifar-10-batches-bin" / name)
    return home


class TestRecords:
    def test_label_and_planes_come_back(self):
        labels, planes = read_records(record(9) + record(0), 2, "some.bin")
        assert labels.tolist() == [9, 0]
        np.testing.assert_array_equal(planes, [pattern(9), pattern(0)])

    @pytest.mark.parametrize("size", [0, 1, RECORD - 1, RECORD, 2 * RECORD - 1, 2 * RECORD + 1])
    def test_another_length_is_refused(self, size):
        with pytest.raises(DamagedDataError) as caught:
            read_records(bytes(size), 2, "some.bin")
        assert str(caught.value) == (
            f"some.bin: {size:,} bytes; 2 records of 3,073 are 6,146; fetch it again"
        )

    @pytest.mark.parametrize("label", [10, 255])
    def test_a_class_that_there_is_not_is_refused(self, label):
        with pytest.raises(DamagedDataError) as caught:
            read_records(record(9) + record(label), 2, "some.bin")
        assert str(caught.value) == f"some.bin: record 1 is of class {label}; classes are 0 to 9"


class TestLuma:
    def test_it_is_that_of_its_definition(self):
        # So many that a weight which is off by one shows.
        rng = np.random.Generator(np.random.Philox(0))
        planes = rng.integers(0, 256, (16, 3, 32, 32), dtype=np.uint8)
        gray = luma(planes)
        assert (gray.shape, gray.dtype) == ((16, 32, 32), np.uint8)
        for n, row, column in np.ndindex(gray.shape):
            red, green, blue = (int(value) for value in planes[n, :, row, column])
            exact = (red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16
            assert gray[n, row, column] == exact

    @pytest.mark.parametrize("level", [0, 1, 127, 254, 255])
    def test_gray_stays_what_it_is(self, level):
        assert (luma(np.full((1, 3, 32, 32), level, np.uint8)) == level).all()

    def test_it_is_that_of_pillow(self):
        image = pytest.importorskip("PIL.Image")
        rng = np.random.Generator(np.random.Philox(0))
        pixels = rng.integers(0, 256, (64, 1024, 3), dtype=np.uint8)
        theirs = np.asarray(image.fromarray(pixels).convert("L"))
        np.testing.assert_array_equal(luma(pixels.transpose(2, 0, 1)[None])[0], theirs)


class TestDeclared:
    def test_one_example_is_of_the_shape_declared(self):
        assert CIFAR10().facts().shape == (32, 32, 3)
        assert GRAY.facts().shape == (32, 32)
        assert CIFAR10().facts().bytes == 60_000 * (3_072 + 4)
        assert GRAY.facts().bytes == 60_000 * (1_024 + 4)

    def test_channels_are_scaled_one_by_one(self):
        three = Normalize(mean=(0.4914, 0.4822, 0.4465), std=(0.2470, 0.2435, 0.2616))
        assert CIFAR10(normalization=three).normalization == three
        with pytest.raises(DeclarationError, match="got 3 numbers; allowed here: 1"):
            CIFAR10(grayscale=True, normalization=three)
        with pytest.raises(DeclarationError, match="got 2 numbers; allowed here: 1, or 3"):
            CIFAR10(normalization=Normalize(mean=(0.5, 0.5)))

    @pytest.mark.parametrize("wrong", [1, 0, "yes", None])
    def test_grayscale_is_true_or_false(self, wrong):
        with pytest.raises(DeclarationError, match=r"grayscale: got .*should be a valid boolean"):
            CIFAR10(grayscale=wrong)

    def test_the_files_are_named_and_as_large_as_published(self):
        assert [*(f"data_batch_{n}.bin" for n in range(1, 6)), "test_batch.bin"] == NAMES
        assert {file.bytes for file in CIFAR10_FILES.files} == {BYTES}
        assert len({file.sha256 for file in CIFAR10_FILES.files}) == 6

    def test_missing_files_are_all_named(self, tmp_path):
        location = CIFAR10().locate(Source(tmp_path))
        assert location.state == "absent"
        assert location.fingerprint == official_fingerprint(CIFAR10_FILES)
        assert GRAY.locate(Source(tmp_path)).fingerprint != location.fingerprint
        with pytest.raises(MissingDataError) as caught:
            CIFAR10().load(Source(tmp_path))
        message = str(caught.value)
        assert all(f"  {name} (30,730,000 bytes)\n" in message for name in NAMES)
        assert "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz\n" in message
        assert "md5 c32a1d4ab5d03f1284b67883e8d87530" in message
        assert f"Unpack it into {tmp_path / 'cifar10'}\n" in message

    @pytest.mark.parametrize("name", ["cifar-10-batches-py", "cifar10/cifar-10-python.tar.gz"])
    def test_who_has_the_pickles_is_told_which_version_is_read(self, tmp_path, name):
        (tmp_path / name).mkdir(parents=True)
        with pytest.raises(MissingDataError) as caught:
            CIFAR10().load(Source(tmp_path))
        assert f"Passed over {tmp_path / name}: it holds pickles" in str(caught.value)
        assert "the binary version, cifar-10-binary.tar.gz\n" in str(caught.value)
        assert "  https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz\n" in str(caught.value)


class TestLocalCopy:
    def test_pictures_are_in_order_and_upright(self, blank):
        location = CIFAR10().locate(Source(blank))
        assert location.state == "local copy"
        assert location.path == blank / "cifar10" / "cifar-10-batches-bin"
        dataset = CIFAR10().load(Source(blank))
        assert dataset.facts == CIFAR10().facts()
        assert dataset.fingerprint == location.fingerprint
        firsts = np.arange(6) * 10_000
        assert dataset.targets[firsts].tolist() == [0, 1, 2, 3, 4, 5]
        for first in firsts:
            planes = pattern(dataset.targets[first])
            for row, column, channel in np.ndindex(32, 32, 3):
                assert dataset.inputs[first, row, column, channel] == planes[channel, row, column]
        others = np.delete(np.arange(60_000), firsts)
        assert not dataset.targets[others].any()
        assert not dataset.inputs[others].any()
        assert dataset.train.tolist() == list(range(50_000))
        assert dataset.test.tolist() == list(range(50_000, 60_000))

    def test_grayscale_is_other_data(self, blank):
        dataset = GRAY.load(Source(blank))
        assert dataset.facts == GRAY.facts()
        assert dataset.fingerprint == GRAY.locate(Source(blank)).fingerprint
        assert dataset.fingerprint != CIFAR10().locate(Source(blank)).fingerprint
        assert dataset.targets[::10_000].tolist() == [0, 1, 2, 3, 4, 5]
        np.testing.assert_array_equal(
            dataset.inputs[50_000], luma(pattern(5)[None].astype(np.uint8))[0]
        )

    def test_a_copy_that_is_not_listed_is_refused(self, copy):
        with pytest.raises(DamagedDataError) as caught:
            CIFAR10().load(Source(copy.parents[1]))
        path = copy / "data_batch_1.bin"
        assert str(caught.value).startswith(
            f"{path}: not the CIFAR-10 file, or damaged: sha256 is"
        )
        assert "kriz/cifar-10-binary.tar.gz ; if it is a copy of your own" in str(caught.value)

    def test_a_class_above_nine_names_its_file(self, copy):
        put(copy / "test_batch.bin", bytes(RECORD) * 7 + record(10))
        list_sums(copy)
        with pytest.raises(DamagedDataError) as caught:
            CIFAR10().load(Source(copy.parents[1]))
        path = Path(copy, "test_batch.bin")
        assert str(caught.value) == f"{path}: record 7 is of class 10; classes are 0 to 9"

    @pytest.mark.parametrize("size", [0, RECORD, BYTES - 1, BYTES + 1])
    def test_a_file_of_another_length_names_both(self, copy, size):
        path = copy / "data_batch_1.bin"
        path.unlink()
        with path.open("wb") as stream:
            stream.truncate(size)
        with pytest.raises(DamagedDataError) as caught:
            CIFAR10().load(Source(copy.parents[1]))
        assert str(caught.value).startswith(
            f"{path}: not the CIFAR-10 file, or damaged: {size:,} bytes; the official file has "
            "30,730,000. Fetch it again from "
        )

    def test_a_short_file_names_both_lengths(self, copy):
        (copy / "data_batch_3.bin").unlink()
        (copy / "data_batch_3.bin").write_bytes(bytes(RECORD))
        list_sums(copy)
        with pytest.raises(DamagedDataError, match=r"data_batch_3\.bin: 3,073 bytes; 10,000 rec"):
            CIFAR10().load(Source(copy.parents[1]))


class TestReal:
    def test_classes_and_means_are_the_published_ones(self, real_cifar10):
        dataset = CIFAR10().load(real_cifar10)
        assert set(np.bincount(dataset.targets[dataset.train])) == {5_000}
        assert set(np.bincount(dataset.targets[dataset.test])) == {1_000}
        means = dataset.inputs[:50_000].mean(axis=(0, 1, 2)) / 255
        np.testing.assert_allclose(means, (0.4914, 0.4822, 0.4465), rtol=0, atol=5e-5)
        assert dataset.inputs.shape == (60_000, 32, 32, 3)
        assert dataset.classes[dataset.targets[0]] == "frog"

    def test_grayscale_is_that_of_pillow(self, real_cifar10):
        image = pytest.importorskip("PIL.Image")
        colour, gray = CIFAR10().load(real_cifar10), GRAY.load(real_cifar10)
        np.testing.assert_array_equal(colour.targets, gray.targets)
        for one in range(0, 60_000, 97):
            theirs = np.asarray(image.fromarray(colour.inputs[one]).convert("L"))
            np.testing.assert_array_equal(gray.inputs[one], theirs)

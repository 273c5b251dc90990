"""The Gurmukhi digits: where they are looked for, what a copy may do wrong, and the real ones."""

import numpy as np
import pytest
from PIL import Image

from paribus.data import Gurmukhi, ImageFolder
from paribus.data.base import Source
from paribus.data.catalogue import describe
from paribus.data.checksums import sha256
from paribus.data.gurmukhi import FINGERPRINT
from paribus.errors import DamagedDataError, MissingDataError

TEST_COUNTS = (18, 16, 17, 17, 18, 18, 18, 18, 18, 20)


def fill(home):
    """As many blank images as there are digits."""
    home.mkdir(parents=True)
    Image.new("1", (32, 32), 1).save(home / "blank.bmp")
    content = (home / "blank.bmp").read_bytes()
    (home / "blank.bmp").unlink()
    for split, counts in (("train", (100,) * 10), ("val", TEST_COUNTS)):
        for digit, count in enumerate(counts):
            folder = home / split / str(digit)
            folder.mkdir(parents=True)
            for number in range(count):
                (folder / f"{number}.bmp").write_bytes(content)


@pytest.fixture(scope="module")
def blank(tmp_path_factory):
    root = tmp_path_factory.mktemp("copy")
    fill(root / "gurmukhi")
    return root


@pytest.fixture
def copy(tmp_path):
    fill(tmp_path / "gurmukhi")
    return tmp_path / "gurmukhi"


def list_sums(home, folder, prefix=""):
    lines = [
        f"{sha256(path.read_bytes())}  {prefix}{path.relative_to(folder).as_posix()}\n"
        for path in sorted(home.rglob("*.bmp"))
    ]
    (folder / "SHA256SUMS").write_text("".join(lines))


class TestAbsent:
    def test_the_message_says_which_folders_to_put_where(self, tmp_path):
        with pytest.raises(MissingDataError) as caught:
            Gurmukhi().load(Source(tmp_path))
        assert str(caught.value) == (
            "The Gurmukhi digits are not here, and there is no place to download them from.\n"
            f"Looked in {tmp_path}/gurmukhi\n"
            "Put images of 32 x 32 pixels in black and white or grayscale into\n"
            f"  {tmp_path}/gurmukhi/train/0 to {tmp_path}/gurmukhi/train/9  "
            "(1,000 in all, 100 in each)\n"
            f"  {tmp_path}/gurmukhi/val/0 to {tmp_path}/gurmukhi/val/9  (178 in all)"
        )

    def test_without_a_folder_it_says_how_to_name_one(self, tmp_path):
        with pytest.raises(MissingDataError) as caught:
            Gurmukhi().load(Source(cache=tmp_path))
        assert f"Looked in {tmp_path}/gurmukhi\n" in str(caught.value)
        assert "  FOLDER/gurmukhi/val/0 to " in str(caught.value)
        assert str(caught.value).endswith("--data-dir FOLDER, or PARIBUS_DATA=FOLDER")

    def test_a_plan_has_the_fingerprint_of_the_digits_all_the_same(self, tmp_path):
        location = Gurmukhi().locate(Source(tmp_path))
        assert (location.state, location.path, location.bytes) == ("absent", None, 0)
        assert location.fingerprint == FINGERPRINT
        (row,) = [row for row in describe(Source(tmp_path)) if row["name"] == "gurmukhi"]
        assert (row["state"], row["fingerprint"]) == ("absent", None)


class TestCopy:
    def test_it_is_read_like_an_image_folder(self, blank):
        dataset = Gurmukhi().load(Source(blank))
        assert dataset.facts == Gurmukhi().facts()
        assert dataset.classes == tuple("0123456789")
        assert (dataset.inputs == 255).all()
        assert np.bincount(dataset.targets[dataset.test]).tolist() == list(TEST_COUNTS)
        folder = ImageFolder(folder=blank / "gurmukhi", mode="grayscale")
        assert folder.load(Source()).fingerprint == dataset.fingerprint != FINGERPRINT

    def test_it_may_be_the_folder_itself(self, blank):
        assert Gurmukhi().locate(Source(blank / "gurmukhi")).path == blank / "gurmukhi"

    def test_a_folder_of_another_name_is_not_taken_for_it(self, tmp_path):
        (tmp_path / "mine" / "train").mkdir(parents=True)
        assert Gurmukhi().locate(Source(tmp_path / "mine")).state == "absent"

    def test_it_may_be_in_the_cache(self, blank):
        assert Gurmukhi().locate(Source(cache=blank)).state == "local copy"

    @pytest.mark.parametrize("listed", [False, True])
    def test_it_is_a_local_copy(self, copy, listed):
        if listed:
            list_sums(copy, copy)
        location = Gurmukhi().locate(Source(copy.parent))
        size = (copy / "train" / "0" / "0.bmp").stat().st_size
        assert (location.state, location.path) == ("local copy", copy)
        assert location.bytes == 1_178 * size

    @pytest.mark.parametrize("above", [False, True])
    @pytest.mark.parametrize("prefix", ["", "./"])
    def test_files_are_compared_with_the_sums_that_list_them(self, copy, above, prefix):
        list_sums(copy, copy.parent if above else copy, prefix)
        path = copy / "val" / "7" / "3.bmp"
        content = bytearray(path.read_bytes())
        content[-1] ^= 1
        path.write_bytes(content)
        with pytest.raises(DamagedDataError) as caught:
            Gurmukhi().load(Source(copy.parent))
        assert str(caught.value) == (
            f"{copy}: not the bytes that SHA256SUMS lists: val/7/3.bmp; copy them again, or "
            "correct the list"
        )

    def test_another_number_of_images_is_refused(self, copy):
        (copy / "train" / "4" / "0.bmp").unlink()
        with pytest.raises(DamagedDataError) as caught:
            Gurmukhi().load(Source(copy.parent))
        assert "9; 999 and 178 images; the Gurmukhi digits are classes 0, 1" in str(caught.value)
        assert "1,000 in train/ and 178 in val/ (your own images are ImageFolder's)" in str(
            caught.value
        )

    def test_images_of_another_size_are_named(self, copy):
        Image.new("1", (28, 28)).save(copy / "train" / "4" / "0.bmp")
        with pytest.raises(DamagedDataError, match=r"28 x 28 \(1 of them, such as train/4/0\.bmp"):
            Gurmukhi().load(Source(copy.parent))

    def test_faults_of_the_layout_are_told_together(self, copy):
        (copy / "val" / "readme.txt").write_bytes(b"")
        (copy / "train" / "x").mkdir()
        with pytest.raises(DamagedDataError) as caught:
            Gurmukhi().locate(Source(copy.parent))
        assert str(caught.value).split("\n") == [
            f"{copy}: cannot be used",
            "  in no class's folder: val/readme.txt",
            "  classes without an image: train/x",
            "  classes of train/ that are not in val/: x",
        ]


class TestReal:
    def test_they_are_the_digits(self, real_gurmukhi):
        location = Gurmukhi().locate(real_gurmukhi)
        assert location.state == "local copy"
        assert location.fingerprint == FINGERPRINT
        dataset = Gurmukhi().load(real_gurmukhi)
        assert dataset.facts == Gurmukhi().facts()
        assert np.bincount(dataset.targets[dataset.train]).tolist() == [100] * 10
        assert np.bincount(dataset.targets[dataset.test]).tolist() == list(TEST_COUNTS)
        assert np.unique(dataset.inputs).tolist() == [0, 255]
        means = [dataset.inputs[split].mean() / 255 for split in (dataset.train, dataset.test)]
        assert means == pytest.approx([0.7232, 0.7579], abs=5e-5)

    def test_a_changed_bit_of_a_listed_copy_is_refused(self, real_gurmukhi, tmp_path):
        sums = real_gurmukhi.folder / "SHA256SUMS"
        if not sums.is_file():
            pytest.skip("needs a SHA256SUMS beside the real files")
        fill(tmp_path / "gurmukhi")
        (tmp_path / "SHA256SUMS").write_bytes(sums.read_bytes())
        with pytest.raises(DamagedDataError, match="not the bytes that SHA256SUMS lists: train/0"):
            Gurmukhi().load(Source(tmp_path))

"""A user's own images: what is read of them, and every way in which a folder can be wrong."""

import os
import shutil
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydantic import TypeAdapter

from paribus import Recipe, data, models, optimizers
from paribus.data import ImageFolder
from paribus.data.base import Source
from paribus.data.catalogue import AnyData
from paribus.errors import DamagedDataError, DeclarationError
from paribus.study.plan import run_key

HERE = Source()
SIZE = (5, 6)


def picture(number, mode="L", size=SIZE):
    channels = (3,) if mode == "RGB" else ()
    rng = np.random.Generator(np.random.Philox(number))
    return rng.integers(0, 256, (*size, *channels), dtype=np.uint8)


def fill(folder, ending=".png", mode="L", per_class=3, splits=("train", "val")):
    """Made-up pictures, no two alike, of the classes cat and dog."""
    number = 0
    for split in splits:
        for label in ("cat", "dog"):
            (folder / split / label).mkdir(parents=True)
            for name in range(per_class):
                array = picture(number, mode)
                Image.fromarray(array).save(folder / split / label / f"{name}{ending}")
                number += 1
    return folder


@pytest.fixture
def folder(tmp_path):
    return fill(tmp_path / "images")


def gray(folder, **fields):
    return ImageFolder(folder=folder, mode="grayscale", **fields)


class TestRead:
    @pytest.mark.parametrize("ending", [".png", ".bmp", ".tif", ".TIFF"])
    @pytest.mark.parametrize(("mode", "stored"), [("grayscale", "L"), ("color", "RGB")])
    def test_pictures_come_back_class_by_class(self, tmp_path, ending, mode, stored):
        fill(tmp_path / "images", ending, stored)
        spec = ImageFolder(folder=tmp_path / "images", mode=mode)
        dataset = spec.load(HERE)
        assert dataset.facts == spec.facts()
        expected = [picture(number, stored) for number in range(12)]
        np.testing.assert_array_equal(dataset.inputs, expected)
        assert dataset.inputs.dtype == np.uint8
        assert dataset.targets.tolist() == [0, 0, 0, 1, 1, 1] * 2
        assert dataset.classes == ("cat", "dog")
        assert dataset.train.tolist() == [0, 1, 2, 3, 4, 5]
        assert dataset.test.tolist() == [6, 7, 8, 9, 10, 11]
        assert dataset.names[:4] == tuple(
            f"train/{name}{ending}" for name in ("cat/0", "cat/1", "cat/2", "dog/0")
        )

    def test_a_photograph_is_what_pillow_decodes(self, tmp_path):
        fill(tmp_path / "images", ".jpg", "RGB")
        dataset = ImageFolder(folder=tmp_path / "images", mode="color").load(HERE)
        for name, array in zip(dataset.names, dataset.inputs, strict=True):
            with Image.open(tmp_path / "images" / name) as image:
                np.testing.assert_array_equal(array, np.asarray(image))

    def test_black_and_white_is_0_and_255(self, folder):
        for path in sorted(folder.rglob("*.png")):
            with Image.open(path) as image:
                image.convert("1", dither=Image.Dither.NONE).save(path)
        dataset = gray(folder).load(HERE)
        expected = [255 * (picture(number) >= 128) for number in range(12)]
        np.testing.assert_array_equal(dataset.inputs, expected)

    def test_a_palette_is_read_as_its_colors(self, tmp_path):
        fill(tmp_path / "images", mode="RGB")
        path = tmp_path / "images" / "train" / "cat" / "0.png"
        with Image.open(path) as image:
            image.quantize(256).save(path)
        dataset = ImageFolder(folder=tmp_path / "images", mode="color").load(HERE)
        np.testing.assert_array_equal(dataset.inputs[0], picture(0, "RGB"))

    @pytest.mark.parametrize("split", ["val", "test"])
    def test_the_test_split_is_called_either(self, tmp_path, split):
        spec = gray(fill(tmp_path / "images", splits=("train", split)))
        assert spec.load(HERE).names[-1] == f"{split}/dog/2.png"
        assert spec.facts().test == 6

    def test_hidden_files_and_others_beside_the_splits_are_passed_over(self, folder):
        before = gray(folder).load(HERE).fingerprint
        for name in ("readme.txt", "train/.hidden", "val/cat/.DS_Store"):
            (folder / name).write_bytes(b"x")
        assert gray(folder).load(HERE).fingerprint == before

    def test_links_within_the_folder_are_followed(self, folder):
        (folder / "train" / "cat" / "9.png").symlink_to(folder / "val" / "cat" / "0.png")
        dataset = gray(folder).load(HERE)
        np.testing.assert_array_equal(dataset.inputs[3], picture(6))


class TestDeclared:
    def test_it_is_known_before_any_picture_is_decoded(self, folder):
        for path in sorted(folder.rglob("*.png"))[1:]:
            path.write_bytes(b"")
        facts = gray(folder).facts()
        assert (facts.shape, facts.outputs, facts.train, facts.test) == (SIZE, 2, 6, 6)
        assert facts.bytes == 12 * (30 + 4)

    def test_the_path_is_in_no_json_and_in_no_key(self, folder, tmp_path):
        moved = tmp_path / "elsewhere"
        shutil.copytree(folder, moved)

        def key(spec):
            recipe = Recipe(
                data=spec,
                model=models.MLP(),
                optimizer=optimizers.SGD(learning_rate=0.1),
                batch_size=2,
                epochs=1,
            )
            assert str(spec.folder) not in str(recipe.as_json())
            return run_key(recipe, 0, spec.locate(HERE).fingerprint)

        assert key(gray(folder)) == key(gray(moved))
        (moved / "val" / "cat" / "0.png").unlink()
        assert key(gray(folder)) != key(gray(moved))

    def test_it_is_declared_from_json_with_a_folder(self, folder):
        fields = {"kind": "image_folder", "folder": str(folder), "mode": "grayscale"}
        assert TypeAdapter(AnyData).validate_python(fields) == gray(folder)

    def test_a_relative_path_is_where_it_was_declared(self, folder, monkeypatch):
        monkeypatch.chdir(folder.parent)
        spec = gray("images")
        monkeypatch.chdir(folder)
        assert spec.load(HERE).facts == gray(folder).facts()

    def test_the_fingerprint_is_of_pixels_labels_and_classes(self, folder, tmp_path):
        same = fill(tmp_path / "same", ".bmp")
        first = gray(folder).locate(HERE).fingerprint
        assert gray(same).load(HERE).fingerprint == first
        (same / "train" / "dog").rename(same / "train" / "doe")
        (same / "val" / "dog").rename(same / "val" / "doe")
        renamed = gray(same).load(HERE).fingerprint
        image = same / "val" / "doe" / "0.bmp"
        array = picture(9)
        array[0, 0] ^= 1
        Image.fromarray(array).save(image)
        assert len({first, renamed, gray(same).load(HERE).fingerprint}) == 3

    def test_where_it_is(self, folder):
        location = gray(folder).locate(HERE)
        assert (location.state, location.path) == ("own files", folder)
        assert location.bytes == sum(path.stat().st_size for path in folder.rglob("*.png"))

    def test_a_folder_that_changed_is_declared_anew(self, folder):
        spec = gray(folder)
        (folder / "val" / "dog" / "2.png").unlink()
        assert spec.facts().test == 6
        with pytest.raises(DamagedDataError, match="has changed since it was declared; run again"):
            spec.load(HERE)
        assert gray(folder).facts().test == 5

    def test_a_folder_put_right_may_be_declared_again(self, folder):
        (folder / "val" / "cat" / "9.png").symlink_to("8.png")
        with pytest.raises(DeclarationError, match="links that lead nowhere"):
            gray(folder)
        Image.fromarray(picture(99)).save(folder / "val" / "cat" / "8.png")
        assert gray(folder).facts().test == 8

    @pytest.mark.parametrize(
        ("fields", "problem"),
        [
            ({"mode": "color"}, "folder: missing; it has no default"),
            ({"folder": "x"}, "mode: missing; it has no default"),
            ({"folder": 3, "mode": "color"}, "folder: got 3; "),
            ({"folder": "~nobody-is-called-so", "mode": "color"}, "folder: got '~nobody-is-"),
            ({"folder": "x", "mode": "gray"}, "mode: got 'gray'; did you mean 'grayscale'?"),
        ],
    )
    def test_wrong_fields_are_refused(self, fields, problem):
        with pytest.raises(DeclarationError) as caught:
            ImageFolder(**fields)
        assert f"\n  {problem}" in str(caught.value)

    def test_the_mode_is_checked_by_the_first_image(self, folder):
        with pytest.raises(DeclarationError) as caught:
            ImageFolder(folder=folder, mode="color")
        assert "mode: got 'color'; train/cat/0.png is grayscale; allowed:" in str(caught.value)

    def test_more_bytes_than_allowed_are_refused(self, tmp_path):
        folder = tmp_path / "images"
        for number, name in enumerate(("train/cat", "train/dog", "val/cat", "val/dog")):
            (folder / name).mkdir(parents=True)
            (folder / name / "first.png").write_bytes(png_of(4096, 4096))
            for copy in range(200):
                (folder / name / f"{number}-{copy}.png").hardlink_to(folder / name / "first.png")
        with pytest.raises(DeclarationError) as caught:
            gray(folder)
        assert "folder: 804 images of 16,777,216 numbers are " in str(caught.value)
        assert "; allowed: 8,589,934,592" in str(caught.value)


def png_of(width, height, content=b""):
    """A grayscale PNG whose header claims a size that its content need not have."""

    def chunk(name, body):
        check = struct.pack(">I", zlib.crc32(name + body))
        return struct.pack(">I", len(body)) + name + body + check

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    body = chunk(b"IDAT", zlib.compress(content))
    return b"\x89PNG\r\n\x1a\n" + header + body + chunk(b"IEND", b"")


def problems(folder):
    """The lines of the message on images that cannot be used."""
    with pytest.raises(DamagedDataError) as caught:
        gray(folder).load(HERE)
    first, *lines = str(caught.value).split("\n")
    assert first == f"{folder}: its images cannot be used"
    return [line.removeprefix("  ") for line in lines]


class TestImages:
    @pytest.mark.parametrize("ending", [".png", ".bmp", ".tif", ".jpg"])
    def test_broken_ones_are_named(self, tmp_path, ending):
        folder = fill(tmp_path / "images", ending)
        path = folder / "train" / "dog" / f"1{ending}"
        Image.fromarray(picture(0, size=(64, 64))).save(path)
        size = path.stat().st_size
        for name in sorted(folder.rglob(f"*{ending}")):
            Image.fromarray(picture(0, size=(64, 64))).save(name)
        path.write_bytes(path.read_bytes()[: size * 2 // 3])
        for name, content in (("0", b""), ("1", b"hello"), ("2", b"\x89PNG\r\n\x1a\n")):
            (folder / "val" / "cat" / f"{name}{ending}").write_bytes(content)
        found = problems(folder)
        assert found[0].startswith(f"broken: train/dog/1{ending} (image file is truncated")
        nothing = ", ".join(f"val/cat/{name}{ending}" for name in "012")
        assert found[1:] == [f"broken: {nothing} (not a PNG, JPEG, BMP or TIFF image)"]

    def test_no_other_format_is_decoded(self, folder):
        path = folder / "val" / "cat" / "0.png"
        Image.fromarray(picture(0)).save(path, format="GIF")
        assert problems(folder) == ["broken: val/cat/0.png (not a PNG, JPEG, BMP or TIFF image)"]

    def test_sizes_and_modes_are_counted_with_examples(self, folder):
        Image.fromarray(picture(0, size=(6, 5))).save(folder / "val/cat/0.png")
        Image.fromarray(picture(0, "RGB")).save(folder / "val/dog/0.png")
        Image.fromarray(picture(0, "RGB")).convert("RGBA").save(folder / "val/dog/1.png")
        assert problems(folder) == [
            "mixed sizes: 5 x 6 (11 of them, such as train/cat/0.png), "
            "6 x 5 (1 of them, such as val/cat/0.png); all should be 5 x 6 (rows x columns)",
            "mixed modes: grayscale (10 of them, such as train/cat/0.png), "
            "color (1 of them, such as val/dog/0.png), "
            "RGBA with transparency (1 of them, such as val/dog/1.png); "
            "all should be grayscale, 8 bits a number and opaque",
        ]

    def test_several_pictures_in_a_file_are_refused(self, tmp_path):
        folder = fill(tmp_path / "images", ".tif")
        more = [Image.fromarray(picture(number)) for number in range(3)]
        more[0].save(folder / "val/cat/1.tif", save_all=True, append_images=more[1:])
        assert problems(folder) == [
            "more than one picture in a file: val/cat/1.tif; one is allowed"
        ]

    @pytest.mark.parametrize("side", [4097, 12_000, 60_000])
    def test_a_bomb_is_refused_by_its_header(self, folder, side):
        (folder / "val/cat/0.png").write_bytes(png_of(side, side))
        (line,) = problems(folder)
        assert line.startswith("broken: val/cat/0.png (")
        assert "16,777,216" in line
        (folder / "train/cat/0.png").write_bytes(png_of(side, side))
        with pytest.raises(DeclarationError, match=r"folder: .*broken: train/cat/0.png .*16,777"):
            gray(folder)


def remove(name):
    return lambda folder: shutil.rmtree(folder / name)


def put(name):
    return lambda folder: (folder / name).write_bytes(b"x")


def make(name):
    return lambda folder: (folder / name).mkdir(parents=True)


def link(name, target):
    return lambda folder: (folder / name).symlink_to(target)


WRONG = {
    "no train": (remove("train"), "has no folder train/, with a folder of images for each class"),
    "no test": (remove("val"), "has no folder val/ or test/ to test on"),
    "two tests": (make("test/cat"), "has val/ and test/, and one of them is the test split: move"),
    "train is empty": (
        lambda folder: (shutil.rmtree(folder / "train"), (folder / "train").mkdir()),
        "train/ has no folder of a class",
    ),
    "empty class": (make("train/eel"), "classes without an image: train/eel"),
    "one class": (remove("train/cat"), "train/ has one class; two or more are needed"),
    "not in test": (remove("val/cat"), "classes of train/ that are not in val/: cat"),
    "only in test": (remove("train/dog"), "classes of val/ that are not in train/: dog"),
    "other ending": (
        put("train/cat/notes.txt"),
        "not an image by its name (allowed: .bmp, .jpeg, .jpg, .png, .tif, .tiff): "
        "train/cat/notes.txt",
    ),
    "no class": (put("val/0.png"), "in no class's folder: val/0.png"),
    "folder in a class": (make("val/cat/more"), "folders among a class's images: val/cat/more"),
    "pipe": (
        lambda folder: os.mkfifo(folder / "val/cat/pipe.png"),
        "no ordinary file: val/cat/pipe.png",
    ),
    "image elsewhere": (
        link("val/cat/9.png", Path(__file__)),
        "symbolic links that lead out of the folder: val/cat/9.png",
    ),
    "class elsewhere": (
        link("train/eel", Path(__file__).parent),
        "symbolic links that lead out of the folder: train/eel",
    ),
    "split elsewhere": (
        lambda folder: (shutil.rmtree(folder / "val"), link("val", Path(__file__).parent)(folder)),
        "symbolic links that lead out of the folder: val",
    ),
    "link to nothing": (
        link("val/cat/9.png", "nothing.png"),
        "symbolic links that lead nowhere: val/cat/9.png",
    ),
    "link to itself": (
        link("val/cat/9.png", "9.png"),
        "symbolic links that lead nowhere: val/cat/9.png",
    ),
    "gone": (remove("."), "is not there; allowed: a folder with train/<class>/ and val/<class>/"),
    "no folder": (
        lambda folder: (shutil.rmtree(folder), folder.write_bytes(b"")),
        "is no folder; allowed: a folder with train/<class>/",
    ),
}


class TestLayout:
    @pytest.mark.parametrize(("change", "problem"), WRONG.values(), ids=WRONG)
    def test_what_is_wrong_is_told_when_it_is_declared(self, folder, change, problem):
        change(folder)
        with pytest.raises(DeclarationError) as caught:
            gray(folder)
        assert f"\n  folder: {folder}: {problem}" in str(caught.value)

    @pytest.mark.parametrize(("change", "problem"), WRONG.values(), ids=WRONG)
    def test_and_when_it_is_read(self, folder, change, problem):
        spec = gray(folder)
        change(folder)
        with pytest.raises(DamagedDataError) as caught:
            spec.load(HERE)
        assert str(caught.value).startswith(f"{folder}: cannot be used\n")
        assert f"\n  {problem}" in str(caught.value)

    def test_all_faults_are_told_together_with_a_few_names_each(self, folder):
        for number in range(9):
            (folder / "train" / "cat" / f"{number}.txt").write_bytes(b"")
        (folder / "val" / "eel").mkdir()
        (folder / "test").mkdir()
        with pytest.raises(DeclarationError) as caught:
            gray(folder, validation=3)
        first, *lines = str(caught.value).replace(f"folder: {folder}: ", "").split("\n")
        assert first == "ImageFolder: 5 faults"
        assert [line.strip() for line in lines][1:] == [
            "not an image by its name (allowed: .bmp, .jpeg, .jpg, .png, .tif, .tiff): "
            "train/cat/0.txt, train/cat/1.txt, train/cat/2.txt and 6 more",
            "classes without an image: val/eel",
            "test/ has no folder of a class",
            "classes of val/ that are not in train/: eel",
        ]

    def test_one_fault_in_a_recipe_has_its_place(self, folder):
        recipe = Recipe(
            data=data.Digits(),
            model=models.MLP(),
            optimizer=optimizers.SGD(learning_rate=0.1),
            batch_size=2,
            epochs=1,
        )
        fields = {"kind": "image_folder", "folder": str(folder / "train"), "mode": "grayscale"}
        with pytest.raises(DeclarationError, match=r"\n  data\.folder: .*has no folder train/"):
            recipe.with_fields({"data": fields})

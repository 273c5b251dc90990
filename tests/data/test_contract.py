"""What every declaration of data keeps to; a new one joins by standing in `catalogue.ALL`."""

import json

import numpy as np
import pytest
from pydantic import TypeAdapter

from paribus import data
from paribus.data import Arrays, ImageFolder
from paribus.data.base import DataSpec, Source
from paribus.data.catalogue import ALL, AnyData, describe
from paribus.data.dataset import split
from paribus.errors import DamagedDataError, DeclarationError


def name_of(spec):
    return getattr(spec, "name", spec.kind)


FILES = {
    "cifar10": "real_cifar10",
    "fashion_mnist": "real",
    "gurmukhi": "real_gurmukhi",
    "mnist": "real",
}
# They are a user's own and have no name in a list; `test_image_folder.py` has their contract.
UNLISTED = {Arrays, ImageFolder}


@pytest.fixture(scope="module", params=ALL, ids=name_of)
def spec(request):
    return request.param


@pytest.fixture
def source(spec, request):
    return request.getfixturevalue(FILES[spec.kind]) if spec.kind in FILES else Source()


def test_what_is_declared_is_what_is_loaded(spec, source):
    dataset = spec.load(source)
    assert dataset.facts == spec.facts()
    assert dataset.targets.dtype == (np.int32 if dataset.classes else np.float32)
    assert len(dataset.targets) == len(dataset.inputs)
    if dataset.classes:
        assert set(np.unique(dataset.targets)) == set(range(len(dataset.classes)))
    assert dataset.inputs.max() <= dataset.maximum


def test_the_fingerprint_is_stable_and_the_one_located(spec, source):
    fingerprint = spec.load(source).fingerprint
    assert fingerprint == spec.load(source).fingerprint == spec.locate(source).fingerprint
    assert len(bytes.fromhex(fingerprint)) == 32


def test_it_is_somewhere(spec, source):
    location = spec.locate(source)
    embedded = spec.kind not in FILES
    assert (location.state == "embedded") == embedded
    assert location.state != "absent"
    assert (location.path is None) == (location.bytes == 0) == embedded


def test_splits_are_disjoint_and_complete(spec, source):
    dataset = spec.load(source)
    splits = split(dataset, validation=100, replicate=3)
    parts = [splits.train, splits.validation, splits.test]
    np.testing.assert_array_equal(
        np.sort(np.concatenate(parts)), np.arange(len(dataset.inputs), dtype=np.int32)
    )
    assert [len(part) for part in parts] == [spec.facts().train - 100, 100, spec.facts().test]
    assert all((np.diff(part) > 0).all() for part in parts)


def test_splits_depend_on_the_replicate_alone(spec, source):
    dataset = spec.load(source)
    first, again, other = (split(dataset, 100, replicate) for replicate in (0, 0, 1))
    np.testing.assert_array_equal(first.validation, again.validation)
    np.testing.assert_array_equal(first.test, other.test)
    assert not np.array_equal(first.validation, other.validation)


def test_one_training_example_must_be_left(spec):
    train = spec.facts().train
    assert spec.with_fields({"validation": train - 1}).validation == train - 1
    with pytest.raises(DeclarationError, match=f"there are {train} training examples, and one m"):
        spec.with_fields({"validation": train})


def test_it_comes_back_from_json(spec):
    text = json.dumps(spec.as_json())
    assert TypeAdapter(AnyData).validate_python(json.loads(text), strict=False) == spec


def test_loading_twice_shares_no_memory(spec, source):
    first, second = spec.load(source), spec.load(source)
    assert not np.shares_memory(first.inputs, second.inputs)


def test_every_exported_declaration_is_listed():
    exported = {getattr(data, name) for name in data.__all__}
    declared = {one for one in exported if isinstance(one, type) and issubclass(one, DataSpec)}
    assert {type(spec) for spec in ALL} == declared - UNLISTED


class TestDescribe:
    def test_rows_have_the_documented_form(self, tmp_path):
        rows = json.loads(json.dumps(describe(Source(tmp_path))))
        names = ["digits", "sinc", "square", "cifar10", "fashion_mnist", "gurmukhi", "mnist"]
        assert [row["name"] for row in rows] == names
        assert [row["state"] for row in rows] == ["embedded"] * 3 + ["absent"] * 4
        assert all(list(row) == ["name", "state", "path", "bytes", "fingerprint"] for row in rows)
        assert all(row["path"] is None and row["bytes"] == 0 for row in rows)
        assert [row["fingerprint"] is None for row in rows] == [False] * 3 + [True] * 4

    def test_real_files_are_verified(self, real):
        *_, fashion, _, mnist = describe(real)
        assert fashion["state"] == mnist["state"] == "verified"
        assert fashion["path"] == str(real.folder / "fashion_mnist")
        assert fashion["bytes"] == 30_878_645
        assert fashion["fingerprint"] != mnist["fingerprint"]

    def test_all_damages_are_told_together(self, tmp_path):
        for files in ("fashion_mnist", "mnist"):
            (tmp_path / files).mkdir()
            for part in ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3"):
                (tmp_path / files / f"{part}-ubyte.gz").write_bytes(b"damaged")
            (tmp_path / files / "t10k-labels-idx1-ubyte.gz").write_bytes(b"damaged")
        with pytest.raises(DamagedDataError) as caught:
            describe(Source(tmp_path))
        first, second = str(caught.value).splitlines()
        assert "not the Fashion-MNIST file" in first
        assert "not the MNIST file" in second

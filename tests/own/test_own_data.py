"""Data of one's own: arrays, and the data sets of PyTorch and Hugging Face."""

import copy
import json
import pickle

import numpy as np
import pytest

from own.example_parts import CLASSES, INPUTS, NUMBERS, arrays, recipe
from paribus import data
from paribus.data.base import Source
from paribus.data.dataset import Facts
from paribus.errors import DeclarationError, MissingDataError

SOURCE = Source()
IMAGES = np.random.default_rng(1).integers(0, 256, (12, 4, 5), np.uint8)


def test_its_facts_are_those_of_what_is_loaded():
    for declared in (arrays(), arrays(NUMBERS), arrays(np.stack([NUMBERS, NUMBERS], axis=1))):
        assert declared.load(SOURCE).facts == declared.facts()
        assert declared.load(SOURCE).fingerprint == declared.locate(SOURCE).fingerprint


def test_arrays_are_taken_as_they_are():
    found = arrays().load(SOURCE)
    np.testing.assert_array_equal(found.inputs, INPUTS)
    np.testing.assert_array_equal(found.targets, CLASSES)
    assert found.classes == ("0", "1")
    assert found.train.tolist() == list(range(40))
    assert found.test.tolist() == list(range(40, 60))


@pytest.mark.parametrize(
    "inputs", [INPUTS, (INPUTS * 9).astype(np.uint8)], ids=["floats", "bytes"]
)
def test_what_was_declared_stays_whatever_becomes_of_the_callers_arrays(inputs):
    mine, before = inputs.copy(), inputs.copy()
    classes = CLASSES.copy()
    declared = data.Arrays(train=(mine[:40], classes[:40]), test=(mine[40:], classes[40:]))
    mine[:], classes[:] = 0, 0
    np.testing.assert_array_equal(declared.load(SOURCE).inputs, before)
    np.testing.assert_array_equal(declared.load(SOURCE).targets, CLASSES)


def test_bytes_run_to_255():
    labels = np.arange(12) % 3
    found = data.Arrays(train=(IMAGES, labels), test=(IMAGES, labels), classes=("a", "b", "c"))
    size = 2 * 12 * (20 + 4)
    assert found.facts() == Facts((4, 5), 3, True, 12, 12, size, maximum=255)
    assert found.load(SOURCE).inputs.dtype == np.uint8


def test_they_are_known_by_their_content():
    same = data.Arrays(
        train=(INPUTS[:40].copy(), CLASSES[:40].tolist()), test=(INPUTS[40:], CLASSES[40:] == 1)
    )
    assert same == arrays()
    assert hash(same) == hash(arrays())
    assert same.fingerprint == arrays().fingerprint
    changed = INPUTS.copy()
    changed[0, 0] += 1
    other = data.Arrays(train=(changed[:40], CLASSES[:40]), test=(INPUTS[40:], CLASSES[40:]))
    assert other != same
    assert other.fingerprint != same.fingerprint
    assert arrays(classes=("no", "yes")).fingerprint != same.fingerprint


def test_json_has_sizes_and_fingerprints_alone():
    found = arrays().as_json()
    assert len(json.dumps(found)) < 500
    assert found["train"] == {
        "examples": 40,
        "shape": [3],
        "fingerprint": arrays().train.digest,
    }


def test_a_recipe_travels_without_them():
    large = np.zeros((10_000, 20), np.float32), np.arange(10_000) % 2
    declared = recipe(data=data.Arrays(train=large, test=large))
    content = pickle.dumps(declared)
    assert len(content) < 5_000
    travelled = pickle.loads(content)
    assert travelled == declared
    assert travelled.data.facts() == declared.data.facts()
    assert travelled.data.locate(SOURCE).state == "absent"
    with pytest.raises(MissingDataError, match="in the process that declared them"):
        travelled.data.load(SOURCE)


def test_a_copy_keeps_them():
    declared = arrays()
    for copied in (copy.deepcopy(declared), declared.with_fields({"validation": 5})):
        assert copied.load(SOURCE).inputs.shape == (60, 3)
    assert declared.with_fields({"validation": 5}).bare() == declared


TEST = (INPUTS[40:], CLASSES[40:])
TRAIN = (INPUTS[:40], CLASSES[:40])


@pytest.mark.parametrize(
    ("fields", "problems"),
    [
        ({"train": INPUTS}, ["train: got array(", "should be a pair of arrays"]),
        ({"train": 3}, ["train: got 3; should be a pair of arrays (inputs, targets)"]),
        ({"train": (INPUTS[:5], CLASSES[:4])}, ["train: has 5 inputs and 4 targets"]),
        ({"train": (INPUTS[:, 0], CLASSES)}, ["train: has inputs of shape (60,)", "x[:, None]"]),
        ({"train": (INPUTS[:0], CLASSES[:0])}, ["train: has inputs of shape (0, 3)"]),
        ({"train": (INPUTS.astype(int), CLASSES)}, ["inputs of type int64", "astype('float32')"]),
        ({"train": (INPUTS * np.nan, CLASSES)}, ["train: has 180 inputs that are not finite"]),
        ({"train": (INPUTS.astype(float) * 1e300, CLASSES)}, ["that are not finite as float32"]),
        ({"train": (INPUTS, CLASSES - 1)}, ["train: has classes from -1 to 0"]),
        ({"train": (INPUTS, CLASSES + 10**6)}, ["train: has classes from 1000000 to"]),
        ({"train": (INPUTS, CLASSES[:, None])}, ["classes of shape (60, 1)", "(examples,)"]),
        ({"train": (INPUTS, ["a"] * 60)}, ["train: has targets of type <U1 and shape (60,)"]),
        ({"train": ([[1.0], [1.0, 2.0]], [0, 1])}, ["train: "]),
        ({"test": (INPUTS[:, :2], CLASSES)}, ["test: has inputs of type float32 and shape (2,)"]),
        ({"test": (INPUTS, NUMBERS)}, ["test: has targets of 1 floats; train has classes"]),
        ({"classes": ("a",)}, ["classes: got 1 names; the largest class is 1, so it takes 2"]),
        ({"classes": ("a", "a")}, ["classes: has a name that is empty, or there twice"]),
        ({"classes": ("a", " ")}, ["classes: has a name that is empty, or there twice"]),
        ({"validation": 40}, ["validation: got 40; there are 40 training examples"]),
        ({"training": 1}, ["training: unknown field 'training'; did you mean 'train'?"]),
    ],
    ids=range(20),
)
def test_what_is_wrong_with_arrays_is_said(fields, problems):
    with pytest.raises(DeclarationError) as caught:
        data.Arrays(**({"train": TRAIN, "test": TEST} | fields))
    for problem in problems:
        assert problem in str(caught.value)


def test_names_of_classes_need_classes():
    with pytest.raises(DeclarationError, match="classes: got names, but the targets are floats"):
        arrays(NUMBERS, classes=("a", "b"))


def test_what_is_wrong_with_both_splits_is_said_together():
    with pytest.raises(DeclarationError, match="Arrays: 2 faults"):
        data.Arrays(train=3, test=4)


class Pairs:
    """What a map-style data set of PyTorch is to us: a length, and pairs by index."""

    def __init__(self, pairs):
        self.pairs = pairs

    def __len__(self):
        return len(self.pairs)

    def __getitem__(self, index):
        return self.pairs[index]


class Tracked:
    """As a tensor that requires a gradient."""

    def __array__(self, *_, **__):
        raise RuntimeError("Can't call numpy() on Tensor that requires grad.")


@pytest.mark.parametrize(
    ("dataset", "problem"),
    [
        (3, "train: got 3; should be a map-style Dataset"),
        (iter([]), "should be a map-style Dataset"),
        (Pairs([(np.zeros(2), 0), np.zeros(2)]), "example 1 is array([0., 0.]); should be (input"),
        (Pairs([(np.zeros(2), 0), (np.zeros(3), 0)]), "has inputs of 2 kinds (float32 of shape"),
        (Pairs([]), "has inputs of 0 kinds (none)"),
        (
            Pairs([(Tracked(), 0)]),
            "example 0 cannot be made an array of NumPy: Can't call numpy()",
        ),
    ],
    ids=["number", "iterable", "no pair", "shapes", "empty", "gradients"],
)
def test_what_is_no_data_set_of_pytorch_is_said(dataset, problem):
    with pytest.raises(DeclarationError) as caught:
        data.from_torch(dataset, Pairs([(np.zeros(2), 0)]))
    assert problem in str(caught.value)


def test_a_data_set_of_pytorch():
    torch = pytest.importorskip("torch")
    tensors = torch.utils.data.TensorDataset(
        torch.arange(2 * 3 * 4 * 5, dtype=torch.float32).reshape(2, 3, 4, 5), torch.tensor([0, 1])
    )
    found = data.from_torch(tensors, tensors, classes=["cat", "dog"])
    assert found.facts().shape == (4, 5, 3)
    assert found.named == ("cat", "dog")
    loaded = found.load(SOURCE).inputs
    np.testing.assert_array_equal(loaded[0], np.arange(60.0).reshape(3, 4, 5).transpose(1, 2, 0))
    kept = data.from_torch(tensors, tensors, channels_first=False)
    assert kept.facts().shape == (3, 4, 5)


def test_numbers_of_pytorch():
    torch = pytest.importorskip("torch")
    rows = torch.utils.data.TensorDataset(torch.ones(6, 3), torch.ones(6, 2))
    assert data.from_torch(rows, rows).facts().outputs == 2
    assert not data.from_torch(rows, rows).facts().classification


def hugging_face():
    datasets = pytest.importorskip("datasets")
    datasets.disable_progress_bars()
    return datasets


def test_images_of_hugging_face():
    datasets = hugging_face()
    from PIL import Image  # noqa: PLC0415 - only here

    features = datasets.Features(
        {"image": datasets.Image(), "label": datasets.ClassLabel(names=["cat", "dog"])}
    )
    rows = {"image": [Image.fromarray(one) for one in IMAGES], "label": [0, 1] * 6}
    whole = datasets.Dataset.from_dict(rows, features=features)
    parts = datasets.DatasetDict(train=whole, test=whole.select(range(4)))
    found = data.from_hugging_face(parts, input="image", target="label")
    assert found.named == ("cat", "dog")
    assert (found.facts().train, found.facts().test, found.facts().maximum) == (12, 4, 255)
    np.testing.assert_array_equal(found.load(SOURCE).inputs[:12], IMAGES)


def test_arrays_of_hugging_face():
    datasets = hugging_face()
    rows = datasets.Dataset.from_dict({"x": INPUTS.tolist(), "y": NUMBERS.tolist()})
    parts = {"fit": rows, "held": rows.select(range(10))}
    found = data.from_hugging_face(parts, input="x", target="y", train="fit", test="held")
    assert found.facts().outputs == 1
    np.testing.assert_array_equal(found.load(SOURCE).inputs[:60], INPUTS)


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"input": "image"}, "train: has no column image; there are: x, y"),
        ({"target": "label"}, "has no column label"),
        ({"test": "validation"}, "test: there is no split 'validation'; there are: train, test"),
    ],
    ids=str,
)
def test_what_hugging_face_does_not_have_is_said(given, problem):
    rows = hugging_face().Dataset.from_dict({"x": INPUTS.tolist(), "y": CLASSES.tolist()})
    parts = {"train": rows, "test": rows}
    with pytest.raises(DeclarationError) as caught:
        data.from_hugging_face(parts, **({"input": "x", "target": "y"} | given))
    assert problem in str(caught.value)


def test_one_data_set_of_hugging_face_is_not_split_in_secret():
    rows = hugging_face().Dataset.from_dict({"x": INPUTS.tolist(), "y": CLASSES.tolist()})
    with pytest.raises(DeclarationError, match=r"dataset\.train_test_split\(test_size=0\.2"):
        data.from_hugging_face(rows, input="x", target="y")

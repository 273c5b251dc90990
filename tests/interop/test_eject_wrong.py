"""What `paribus eject` says to whom types something else, and to whom asks for too much."""

import json
from dataclasses import replace

import numpy as np
import pytest
import safetensors.numpy

from interop.eject_recipes import BASE, colour_cases
from interop.example_pictures import fill
from paribus.data import Crop, Flip
from paribus.data.base import Source
from paribus.errors import DeclarationError
from paribus.interop.eject import eject
from paribus.interop.stored import FoundRun
from paribus.models.base import named_weights, skeleton
from paribus.models.initialize import initialize
from paribus.store import Catalogue
from paribus.store.records import Measurement, Member, StoredRun, StudyEntry
from paribus.training.recipe import WarmStart
from paribus.training.second_phase import GradientNormPhase

KEY = "0123456789abcdef" * 4


def run_of(recipe, **fields):
    """A run that says of itself that it was trained by this recipe."""
    facts = recipe.data.facts()
    empty = skeleton(recipe.model, facts.shape, facts.outputs)
    network = initialize(empty, recipe.initialization, 0, np.dtype(recipe.precision))
    given = {
        "key": KEY,
        "recipe": recipe.as_json(),
        "replicate": 0,
        "fingerprint": recipe.data.load(Source()).fingerprint,
        "status": "finished",
        "parameters": 0,
        "provenance": {"epochs": recipe.epochs},
        "measurements": (
            Measurement("batch/loss", np.array([2.0])),
            Measurement("test/accuracy", np.array([0.5])),
        ),
        "artifacts": {"weights.safetensors": safetensors.numpy.save(named_weights(network))},
    }
    return StoredRun(**given | fields)


@pytest.fixture
def said(paribus, tmp_path):
    """What the command says of a lab that holds these runs, of a study `made-up`."""

    def say(*runs, typed=KEY[:8], more=()):
        with Catalogue.open(tmp_path / "lab", create=True) as catalogue:
            for run in runs:
                catalogue.add_run(run)
            members = [Member(run.key, {"rate": f"{n}"}, 0) for n, run in enumerate(runs)]
            catalogue.put_study(StudyEntry("made-up", "full", {}, tuple(members)))
        words = ("eject", typed, "--lab", tmp_path / "lab", "--to", tmp_path / "out", *more)
        return paribus(*words)

    return say


def refused(said, *parts):
    assert said.code == 2, said
    assert not said.out
    for part in parts:
        assert part in " ".join(said.err.split()), said.err
    return True


class TestTyped:
    @pytest.mark.parametrize("typed", ["", "abc", "0123456g", "activations", "0" * 65, "é" * 8])
    def test_what_is_no_key(self, said, typed):
        assert refused(said(typed=typed), "the first 4 hex digits of its key", repr(typed))

    def test_a_key_that_is_not_there_names_those_nearest(self, said):
        other = run_of(BASE, key="f" * 64)
        told = said(run_of(BASE), other, typed="01237777")
        nearest = "0123456789abcdef made-up (full): rate 0, replicate 0 ffff"
        assert refused(told, "no finished run whose key begins with '01237777'", nearest)

    def test_a_key_of_two_runs(self, said):
        other = run_of(BASE, key=KEY[:10] + "f" * 54)
        told = said(run_of(BASE), other)
        assert refused(told, "2 runs of lab", "give more digits", "rate 0", "rate 1")

    def test_a_lab_that_is_not_there(self, paribus, tmp_path):
        told = paribus("eject", KEY, "--lab", tmp_path / "none")
        assert refused(told, "holds nothing yet")

    def test_upper_case_and_a_whole_key_will_do(self, said):
        assert said(run_of(BASE), typed=KEY.upper()).code == 0


class TestFolder:
    def test_one_that_is_not_empty(self, said, tmp_path):
        (tmp_path / "out").mkdir()
        (tmp_path / "out" / "thesis.tex").write_text("mine")
        told = said(run_of(BASE))
        assert refused(told, "no empty folder", "--to")
        assert [path.name for path in (tmp_path / "out").iterdir()] == ["thesis.tex"]

    def test_one_that_is_a_file(self, said, tmp_path):
        (tmp_path / "out").write_text("mine")
        assert refused(said(run_of(BASE)), "no empty folder")

    def test_one_that_cannot_be_made(self, said, tmp_path):
        (tmp_path / "file").write_text("mine")
        told = said(run_of(BASE), more=("--to", tmp_path / "file" / "out"))
        assert refused(told, "cannot be written: Not a directory", "--to")


class TestRun:
    def test_every_part_that_no_script_can_do_is_named(self, said):
        recipe = BASE.with_fields(
            {
                "augmentation": (Crop(padding=1), Flip()),
                "warm_start": WarmStart(batch_size=8),
                "precision": "float64",
                "model.hidden": (2,),
                "second_phase": GradientNormPhase(),
            }
        )
        told = said(run_of(recipe))
        assert refused(
            told,
            "3 faults",
            "augmentation: got Crop, Flip;",
            "--set 'augmentation=[]'",
            "warm_start: training began with a network trained at batch size 8",
            "second_phase: ",
        )

    def test_one_that_diverged(self, said):
        told = said(run_of(BASE, status="diverged", diverged_epoch=3))
        assert refused(told, "diverged in epoch 3", "Eject a run of a condition that trains")

    def test_one_of_another_arithmetic(self, said):
        told = said(run_of(BASE, provenance={"numerics": 1, "epochs": 10}))
        assert refused(told, "numerics version 1", "Train it again")

    def test_one_without_weights(self, said):
        assert refused(said(run_of(BASE, artifacts={})), "comes without its weights")

    def test_one_whose_recipe_is_of_another_version(self, said):
        recipe = BASE.as_json() | {"bach_size": 8}
        told = said(replace(run_of(BASE), recipe=recipe))
        assert refused(told, "unknown field 'bach_size'", "another version of Paribus")

    def test_one_trained_on_other_data(self, said):
        told = said(run_of(BASE, fingerprint="f" * 64))
        assert refused(told, "Digits: these are not the data", "--data-dir")


class TestPictures:
    @pytest.fixture
    def run(self, tmp_path):
        fields = colour_cases(fill(tmp_path / "pictures"))["colour"]
        return run_of(BASE.with_fields(fields))

    def test_their_folder_is_asked_for(self, said, run, monkeypatch):
        monkeypatch.delenv("PARIBUS_DATA", raising=False)
        assert refused(said(run), "images of your own", "--data-dir")

    def test_their_folder_is_given(self, said, run, tmp_path):
        assert said(run, more=("--data-dir", tmp_path / "pictures")).code == 0

    def test_a_folder_of_others(self, said, run, tmp_path):
        assert refused(said(run, more=("--data-dir", tmp_path)), "train")


def test_what_a_script_is_printed_for_programs(said, tmp_path):
    told = json.loads(said(run_of(BASE), more=("--json",)).out)
    assert told == {
        "run": KEY,
        "folder": str(tmp_path / "out"),
        "files": [
            "train.py",
            "initial.safetensors",
            "final.safetensors",
            "data.safetensors",
            "order.safetensors",
        ],
    }
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(told["files"])


def test_a_full_batch_needs_no_order(said):
    told = json.loads(said(run_of(BASE.with_fields({"batch_size": 5000})), more=("--json",)).out)
    assert "order.safetensors" not in told["files"]


def test_a_run_of_no_study_is_found_by_its_whole_key(said, tmp_path):
    with Catalogue.open(tmp_path / "lab", create=True) as catalogue:
        catalogue.add_run(run_of(BASE))
    assert said(typed=KEY).code == 0


class TestOwn:
    @pytest.mark.parametrize("path", ["loss", "model.activation", "penalties.own"])
    def test_functions_are_named_with_their_fields(self, said, path):
        recipe = BASE.as_json()
        *above, last = path.split(".")
        part = recipe[above[0]] if above else recipe
        part[last] = {"function": "thesis:my_loss", "code": "f" * 64}
        told = said(replace(run_of(BASE), recipe=recipe))
        assert refused(told, f"{path}: got thesis:my_loss, which is a function of your own")

    def test_a_recipe_in_hand_does_what_a_stored_one_cannot(self, tmp_path):
        found = FoundRun(run_of(BASE))
        files = eject(found, Source(), tmp_path / "out", recipe=BASE)
        assert files[0].read_text().startswith('"""Run 0123456789abcdef of Paribus')

    def test_another_recipe_in_hand(self, tmp_path):
        other = BASE.with_fields({"batch_size": 8})
        with pytest.raises(DeclarationError, match="batch_size: got 8; the run has 72"):
            eject(FoundRun(run_of(BASE)), Source(), tmp_path / "out", recipe=other)

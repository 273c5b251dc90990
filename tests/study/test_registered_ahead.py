"""Registrations made ahead of the first run: their salt, and runs that nobody can have seen."""

from dataclasses import replace

import numpy as np
import pytest
import safetensors.numpy

from paribus import Scale, data, probes
from paribus.claims import Better
from paribus.data.base import Source
from paribus.errors import DeclarationError, LabError, LabHeldError
from paribus.models.base import named_weights
from paribus.spec import digest
from paribus.store import Catalogue
from paribus.store.hold import hold
from paribus.study.plan import run_key
from paribus.study.registration import as_registered_in, register_ahead
from paribus.study.workbench import StudyBench
from paribus.training.lane import Lane
from paribus.training.loop import train_run
from paribus.training.platform import device
from paribus.training.task import Task
from study.example_claims import HIGHER, LEARNT, ROUGHLY, Breaking, claiming, planned
from study.example_study import tiny_recipe, tiny_study

HELD_OUT = tiny_recipe(data=data.Digits(validation=200, random_labels=0.2), epochs=2)


class TestAhead:
    def test_its_study_reuses_no_run_and_no_seed(self, train, told, lab, registered):
        first = train(claiming())
        made = register_ahead(planned(claiming()), lab)
        assert registered()[1:] == [made]
        outcome = train(claiming())
        assert (outcome.trained, outcome.reused) == (4, 0)
        assert not {run.key for run in first.plan.runs} & {run.key for run in outcome.plan.runs}
        with Catalogue.open(lab, create=False) as catalogue:
            members = catalogue.study("tiny", "full").members
            weights = [
                catalogue.artifact(run.key, "weights.safetensors")
                for one in (first, outcome)
                for run in one.plan.runs
            ]
            seeds = {run.replicate for run in catalogue.summaries(one.key for one in members)}
        assert len(set(weights)) == 8
        assert [one.replicate for one in members] == [0, 1, 0, 1]
        assert seeds == {made.salt, made.salt + 1}
        assert told()[0] == [True, True]
        assert train(claiming()).reused == 4

    def test_claims_rest_on_it_where_nothing_was_registered_before(self, train, told, lab):
        made = register_ahead(planned(claiming(replicates=(2, 4))), lab)
        train(claiming(replicates=(2, 4)), 4)
        flags, record = told()
        assert flags == [True, True]
        assert (record["ahead"], record["digest"], record["at"]) == (True, made.digest, made.at)
        assert (record["looks"], record["look"], record["note"]) == ([2, 4], 1, "")
        assert made.digest == digest(made.content)

    def test_keys_and_seeds_are_those_of_replicate_and_salt(self, lab):
        plan = planned(claiming())
        made = register_ahead(plan, lab)
        salted = as_registered_in(lab, plan)
        fingerprint = next(iter(plan.locations.values())).fingerprint
        for before, after in zip(plan.runs, salted.runs, strict=True):
            assert (before.seed, after.seed) == (before.replicate, made.salt + before.replicate)
            assert before.key == run_key(before.recipe, before.replicate, fingerprint)
            assert after.key == run_key(after.recipe, after.seed, fingerprint)
            assert replace(after, seed=before.seed, key=before.key) == before
        assert 2**21 < made.salt < 2**53 - 2**21

    def test_who_registers_the_same_gets_the_same_runs_and_others_get_others(self, lab, tmp_path):
        made = register_ahead(planned(claiming()), lab)
        again = register_ahead(planned(claiming()), tmp_path / "again")
        assert (again.digest, again.salt) == (made.digest, made.salt)
        others = [
            claiming(HIGHER),
            claiming(replicates=3),
            claiming(HIGHER.with_fields({"margin": 0.1}), LEARNT),
            claiming(recipe=tiny_recipe(epochs=2)),
            claiming(factors=ROUGHLY),
        ]
        salts = {
            register_ahead(planned(study), tmp_path / str(number)).salt
            for number, study in enumerate(others)
        }
        assert len(salts - {made.salt}) == len(others)

    def test_other_scales_studies_and_labs_are_as_they_were(self, lab, tmp_path):
        register_ahead(planned(claiming()), lab)
        plan = planned(claiming(name="another"))
        assert as_registered_in(lab, plan) == plan
        plan = planned(claiming(scales={"small": Scale()}))
        assert as_registered_in(lab, plan) == plan
        plan = planned(claiming())
        assert as_registered_in(tmp_path / "none", plan) == plan
        assert not (tmp_path / "none").exists()

    def test_its_runs_are_those_of_the_seed_alone(self, train, lab):
        study = claiming(recipe=HELD_OUT)
        register_ahead(planned(study), lab)
        outcome = train(study)
        for run in outcome.plan.runs[:2]:
            alone = train_run(
                Task(run.recipe, run.seed, run.recipe.data.load(Source())), Lane(device(0))
            )
            with Catalogue.open(lab, create=False) as catalogue:
                stored = catalogue.artifact(run.key, "weights.safetensors")
            assert safetensors.numpy.save(named_weights(alone.network)) == stored

    def test_probes_and_analyses_that_come_later_see_the_same_runs(self, train, lab):
        study = claiming(recipe=HELD_OUT)
        register_ahead(planned(study), lab)
        train(study)
        outcome = train(claiming(recipe=HELD_OUT, probes=(probes.UpdateRatio(),)))
        # Trained again for the probe, which it would not be to other weights.
        assert (outcome.trained, outcome.probed, outcome.failures) == (0, 4, {})
        with Catalogue.open(lab, create=False) as catalogue:
            bench = StudyBench(
                outcome.plan,
                catalogue,
                lambda run: run.recipe.data.load(Source()),
                lambda: Lane(device(0)),
            )
            for run in bench.runs:
                found = bench.evaluate(run.key, [bench.weights(run.key)])
                for name in ("train/loss", "validation/loss"):
                    stored = bench.measurement(run.key, name)
                    assert stored is not None
                    np.testing.assert_array_equal(found[name], stored.values[-1:])

    def test_broken_off_in_the_middle_of_a_run_it_goes_on(self, train, lab, tmp_path):
        study = claiming(recipe=tiny_recipe(epochs=2))
        for folder in (lab, tmp_path / "whole"):
            register_ahead(planned(study), folder)

        with pytest.raises(KeyboardInterrupt):
            train(study, checkpoint_seconds=0.0, watch=Breaking(lab, after=1))
        outcome = train(study)
        train(study, into=tmp_path / "whole")
        for run in outcome.plan.runs:
            found = []
            for folder in (lab, tmp_path / "whole"):
                with Catalogue.open(folder, create=False) as catalogue:
                    found.append(catalogue.artifact(run.key, "weights.safetensors"))
            assert found[0] == found[1]

    def test_what_has_changed_since_is_said_and_the_rest_stays_registered(self, train, told, lab):
        made = register_ahead(planned(claiming()), lab)
        middle = Better("test/accuracy", "mid", "low")
        outcome = train(claiming(HIGHER, middle, factors=ROUGHLY))
        assert {run.seed - run.replicate for run in outcome.plan.runs} == {made.salt}
        flags, record = told()
        assert flags == [True, True]  # the second with this run, before any of its runs
        assert record["note"].startswith(
            f"the study is no longer what was registered ahead at {made.at} (digest "
            f"{made.digest[:12]}); different: factor learning_rate, claims: 1 not as registered, "
            "claims: 1 left out or changed; 1 of 2 claims are registered with this run"
        )
        train(claiming(HIGHER, LEARNT, recipe=tiny_recipe(epochs=1, batch_size=64)))
        assert "different: recipe.batch_size, claims: 2 not as reg" in told()[1]["note"]
        train(claiming(LEARNT.with_fields({"value": 0.6})))
        assert told()[0] == [False]

    def test_a_removed_study_keeps_its_salt(self, train, told, lab):
        register_ahead(planned(claiming()), lab)
        keys = {run.key for run in train(claiming()).plan.runs}
        with Catalogue.open(lab, create=False) as catalogue:
            catalogue.remove_study("tiny", "full")
        outcome = train(claiming())
        assert outcome.trained == 4
        assert {run.key for run in outcome.plan.runs} == keys
        assert told()[0] == [True, True]

    def test_it_is_done_once(self, lab, registered):
        made = register_ahead(planned(claiming()), lab)
        message = rf"registered in lab .* already: at {made.at}, digest {made.digest}.*--lab"
        for study in (claiming(), claiming(HIGHER)):
            with pytest.raises(LabError, match=message.replace("+", r"\+")):
                register_ahead(planned(study), lab)
        assert registered() == [made]

    def test_nothing_to_register_and_no_look_are_told_together(self, lab):
        study = claiming(replicates=(2, 4))
        with pytest.raises(DeclarationError, match="replicates: got 3; the study looks at 2, 4"):
            register_ahead(planned(study, 3), lab)
        silent = tiny_study(replicates=(2, 4))
        with pytest.raises(DeclarationError, match="2 faults") as raised:
            register_ahead(planned(silent, 3), lab)
        assert "claims: none that can be tested" in str(raised.value)
        assert not lab.exists()

    def test_a_lab_in_use_is_waited_for_by_the_user(self, lab):
        with hold(lab), pytest.raises(LabHeldError):
            register_ahead(planned(claiming()), lab)

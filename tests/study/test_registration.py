"""Which claims were said before their runs, as a lab remembers it."""

import pytest

from paribus import Factor, Scan, Tuned, data, probes
from paribus.claims import Above, Better, Trend
from paribus.data.base import Source
from paribus.spec import digest
from paribus.store import Catalogue
from paribus.study.options import RunOptions
from paribus.study.plan import make_plan
from paribus.study.run import run_plan
from store.old_labs import of_schema
from study.example_claims import HIGHER, LEARNT, RATE, ROUGHLY, Breaking, claiming
from study.example_study import tiny_recipe, tiny_study


class TestAtTheFirstRun:
    def test_claims_are_registered_before_anything_is_trained(self, train, told, lab):
        watch = Breaking(lab)
        train(claiming(), watch=watch)

        flags, record = told()
        (made,) = watch.seen
        assert flags == [True, True]
        assert record == {
            "digest": made.digest,
            "at": made.at,
            "ahead": False,
            "looks": [2],
            "level": 0.05,
            "look": 0,
            "note": "",
        }
        assert made.digest == digest(made.content)
        assert made.at.endswith("+00:00")
        assert made.salt == 0

    def test_all_that_decides_is_in_the_registration(self, train, registered):
        train(claiming())
        content = registered()[0].content
        assert content["recipe"] == tiny_recipe(epochs=1).as_json()
        assert [one["claim"] for one in content["claims"]] == [HIGHER.as_json(), LEARNT.as_json()]
        assert [one["sentence"] for one in content["claims"]] == [
            "high reaches a higher test accuracy than low",
            "Test accuracy is above 50 % for learning rate high",
        ]
        assert (content["looks"], content["level"]) == ([2], 0.05)
        assert content["correction"].startswith("Holm")
        assert content["factors"][0]["sets"]["low"] == {RATE: 0.01}

    def test_a_study_without_claims_registers_nothing(self, train, told, registered):
        train(tiny_study(recipe=tiny_recipe(epochs=1)))
        flags, record = told()
        assert (flags, record["digest"], record["note"], registered()) == ([], "", "", [])

    def test_data_that_is_missing_leaves_nothing_registered(self, lab, tmp_path):
        (tmp_path / "empty").mkdir()
        study = claiming(recipe=tiny_recipe(data=data.FashionMNIST(), epochs=1))
        options = RunOptions(lab=lab, source=Source(tmp_path / "empty"))
        with pytest.raises(Exception, match="is not here"):
            run_plan(make_plan(study.at(), options.source), options)
        with Catalogue.open(lab, create=False) as catalogue:
            assert catalogue.registrations("tiny", "full") == []

    def test_a_study_that_is_broken_off_goes_on_as_registered(self, train, told, registered, lab):
        with pytest.raises(KeyboardInterrupt):
            train(claiming(), watch=Breaking(lab, after=1))
        outcome = train(claiming())
        assert outcome.reused >= 1
        assert outcome.trained + outcome.reused == 4
        assert told()[0] == [True, True]
        assert len(registered()) == 1


class TestLater:
    def test_a_claim_that_is_changed_is_exploratory_and_the_others_are_not(self, train, told):
        train(claiming())
        changed = claiming(HIGHER.with_fields({"margin": 0.1}), LEARNT)
        assert train(changed).reused == 4
        flags, record = told()
        assert flags == [False, True]
        assert record["note"] == (
            "1 of 2 claims are exploratory: the lab held runs that they speak of before they "
            "were registered"
        )

    @pytest.mark.parametrize(
        "changed",
        [
            {"metric": "test/loss"},
            {"second": "low", "first": {"learning_rate": "high"}},
            {"epoch_rule": "best validation"},
            {"margin": 1e-9},
        ],
        ids=str,
    )
    def test_whatever_is_changed_in_it(self, train, told, changed):
        train(claiming(HIGHER))
        train(claiming(HIGHER.with_fields(changed)))
        assert told()[0] == [False]

    def test_other_words_for_a_claim_are_no_other_claim(self, train, told):
        train(claiming())
        train(claiming(HIGHER.with_fields({"wording": "fast is good", "ours": True}), LEARNT))
        assert told()[0] == [True, True]
        assert told()[1]["note"] == ""

    def test_a_claim_that_is_taken_back_was_registered(self, train, told):
        train(claiming())
        train(claiming(HIGHER.with_fields({"margin": 0.1})))
        train(claiming())
        assert told()[0] == [True, True]

    def test_a_new_level_leaves_claims_about_others_and_has_its_own(self, train, told, registered):
        train(claiming())
        middle = Above("test/accuracy", 0.2, {"learning_rate": "mid"})
        across = Trend("test/accuracy", ["low", "mid", "high"], "up")
        outcome = train(claiming(HIGHER, LEARNT, middle, across, factors=ROUGHLY))
        assert outcome.trained == 2
        flags, record = told()
        assert flags == [True, True, True, False]
        assert [len(one.content["claims"]) for one in registered()] == [2, 1]
        assert record["note"].startswith(
            "1 of 4 claims are registered with this run; the study was registered before"
        )

    def test_a_level_that_became_another_is_a_new_run_and_a_new_claim(self, train, told):
        train(claiming(HIGHER))
        other = [Factor(RATE, {"low": 0.01, "high": 0.2})]
        train(claiming(HIGHER, factors=other))
        assert told()[0] == [False]  # of the runs at "low" it could be known
        both = [Factor(RATE, {"low": 0.02, "high": 0.21})]
        train(claiming(HIGHER, factors=both))
        assert told()[0] == [True]

    def test_what_measures_a_metric_is_part_of_the_claim(self, train, told):
        claim = Better("weight/norm", "high", "low", layer="first")
        train(claiming(claim, probes=(probes.WeightNorm(),)))
        train(claiming(claim, probes=(probes.WeightNorm(), probes.GradientNorm())))
        assert told()[0] == [True]
        train(claiming(claim, probes=(probes.WeightNorm(when=probes.AtEnd()),)))
        assert told()[0] == [False]

    def test_runs_of_another_study_are_runs_that_were_there(self, train, told):
        train(claiming(LEARNT, name="earlier"))
        train(claiming())
        flags, record = told()
        assert flags == [False, False]
        assert record["digest"] == ""
        assert record["note"] == (
            "2 of 2 claims are exploratory: the lab held runs that they speak of before they "
            "were registered, and no registration of the study"
        )

    def test_a_lab_from_before_registrations_makes_no_claim_a_registered_one(
        self, train, told, lab
    ):
        train(claiming())
        today = lab.rename(lab.with_name("today"))
        of_schema(3, today, lab)

        assert train(claiming()).reused == 4

        flags, record = told()
        assert (flags, record["level"], record["look"]) == ([False, False], 0.05, None)
        assert "no registration of the study" in record["note"]

    def test_registrations_outlive_the_study(self, train, told, registered, lab):
        train(claiming())
        before = registered()
        with Catalogue.open(lab, create=False) as catalogue:
            catalogue.remove_study("tiny", "full")
        assert registered() == before
        train(claiming(HIGHER.with_fields({"margin": 0.1}), LEARNT))
        flags, record = told()
        assert flags == [True, True]
        assert record["note"] == (
            "1 of 2 claims are registered with this run; the study was registered before, first "
            f"at {before[0].at}"
        )


STEPS = Factor("step", {"1": {RATE: 0.1}, "2": {RATE: 1e-30}, "3": {RATE: 0.3}})
RATES = Factor(RATE, {"low": 0.01, "high": 0.3}, name="rate")
WIDTHS = Factor("width", {"narrow": {"model.hidden": (8,)}, "wide": {"model.hidden": (12,)}})


class TestInRounds:
    def test_claims_of_a_scan_speak_of_levels_that_are_not_trained_too(self, train, told, lab):
        study = claiming(
            Above("test/accuracy", 0.5, {"step": ["1", "3"]}),
            factors=[STEPS],
            design=Scan(factor="step"),
        )
        with pytest.raises(KeyboardInterrupt):
            train(study, watch=Breaking(lab, after=2))
        assert told()[0] == [True]
        train(study)
        assert told()[0] == [True]
        third = Above("test/accuracy", 0.5, {"step": "3"})
        train(claiming(third, factors=[STEPS], design=Scan(factor="step")))
        assert told()[0] == [True]  # of that level there is no run

    def test_trials_are_runs_of_which_no_claim_speaks(self, train, told, lab):
        fields = {
            "recipe": tiny_recipe(data=data.Digits(validation=200), epochs=1),
            "factors": [WIDTHS, RATES],
            "design": Tuned(factor="rate", replicates=2),
        }
        wider = Better("test/accuracy", "wide", "narrow")
        with pytest.raises(KeyboardInterrupt):
            train(claiming(wider, **fields), watch=Breaking(lab, after=8))
        train(claiming(wider.with_fields({"margin": 0.01}), **fields))
        assert told()[0] == [True]
        train(claiming(wider.with_fields({"margin": 0.02}), **fields))
        assert told()[0] == [False]

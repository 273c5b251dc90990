"""Studies that are judged at several numbers of replicates, each declared beforehand."""

import pytest

from paribus import Scale
from paribus.errors import DeclarationError
from paribus.statistics.looks import spent_levels
from study.example_claims import claiming
from study.example_study import tiny_study


class TestLooks:
    LOOKS = (2, 3, 5)

    def test_replicates_added_within_the_looks_stay_registered(self, train, told, registered):
        study = claiming(replicates=self.LOOKS)
        levels = spent_levels(self.LOOKS, 0.05)
        for look, replicates in enumerate(self.LOOKS):
            outcome = train(study, replicates if look else None)
            assert outcome.trained == 2 * (replicates - (self.LOOKS[look - 1] if look else 0))
            flags, record = told()
            assert flags == [True, True]
            assert (record["look"], record["level"]) == (look, levels[look])
            assert (record["looks"], record["note"]) == ([2, 3, 5], "")
        assert len(registered()) == 1
        assert sum(levels) == pytest.approx(0.05)

    @pytest.mark.parametrize("replicates", [4, 6])
    def test_between_and_beyond_them_claims_are_exploratory(self, train, told, replicates):
        study = claiming(replicates=self.LOOKS)
        train(study)
        train(study, replicates)
        flags, record = told()
        assert (flags, record["level"], record["look"]) == ([False, False], 0.05, None)
        assert record["note"] == (
            "2 of 2 claims are exploratory: the registered looks are at 2, 3, 5 replicates, "
            f"not {replicates}"
        )
        train(study, 5)
        assert told()[0] == [True, True]

    def test_looks_that_are_declared_later_were_not_registered(self, train, told):
        train(claiming())
        train(claiming(replicates=(2, 3)), 3)
        flags, record = told()
        assert (flags, record["level"]) == ([False, False], 0.05)
        assert "the registered looks are at 2 replicates, not 3" in record["note"]

    def test_to_begin_with_a_number_that_is_no_look_registers_nothing(
        self, train, told, registered
    ):
        train(claiming(replicates=self.LOOKS), 4)
        assert told()[0] == [False, False]
        assert told()[1]["note"].endswith("the declared looks are at 2, 3, 5 replicates, not 4")
        assert registered() == []

    def test_one_number_asked_for_at_first_is_the_look(self, train, told):
        train(claiming(replicates=3), 2)
        assert (told()[0], told()[1]["looks"]) == ([True, True], [2])
        train(claiming(replicates=3))
        assert told()[0] == [False, False]
        train(claiming(replicates=3), 2)
        assert told()[0] == [True, True]

    def test_one_replicate_is_a_look_at_which_nothing_is_tested(self, train, told):
        train(claiming(replicates=1))
        assert (told()[0], told()[1]["level"]) == ([True, True], 0.05)

    @pytest.mark.parametrize(
        ("replicates", "problem"),
        [
            (0, "got 0; should be greater than 0"),
            (-2, "got -2; should be greater than 0"),
            (2.5, "got 2.5; should be a whole number, or several that increase"),
            (True, "got True; should be a whole number, or several"),
            ("5", "got '5'; should be a whole number, or several"),
            (None, "got None; should be a whole number, or several"),
            ((), r"got \(\); should be a whole number, or several"),
            ((2, "5"), r"got \(2, '5'\); should be a whole number, or several"),
            ((2, 2.5), r"got \(2, 2.5\); should be a whole number, or several"),
            ((0, 5), r"got \(0, 5\); should be greater than 0"),
            ((1, 5), r"got \(1, 5\); a look takes 2 replicates or more"),
            ((5, 5), r"got \(5, 5\); looks should increase, as in \(5, 10, 20\)"),
            ((10, 5), r"got \(10, 5\); looks should increase"),
        ],
        ids=str,
    )
    def test_replicates_that_cannot_be_are_told(self, replicates, problem):
        with pytest.raises(DeclarationError, match=rf"(?m)^  replicates: {problem}"):
            tiny_study(replicates=replicates)
        if replicates is not None:
            with pytest.raises(DeclarationError, match=rf"(?m)^  replicates: {problem}"):
                Scale(replicates=replicates)

    def test_a_list_of_looks_is_as_good_and_a_scale_has_its_own(self):
        study = tiny_study(replicates=[2, 4], scales={"a": Scale(), "b": Scale(replicates=(3, 9))})
        assert [(one.replicates, one.looks) for one in (study.at("a"), study.at("b"))] == [
            (2, (2, 4)),
            (3, (3, 9)),
        ]
        assert study.at("b", replicates=9).looks == (3, 9)
        assert tiny_study(replicates=4).at(replicates=3).looks == (3,)

"""Every parser of outside bytes: sound files, those that were trouble once, and some broken ones.

The long form of this is `make fuzz`.
"""

import pytest
from hypothesis import HealthCheck, given, settings

from fuzzing.catalogue import NAMES, target_named
from fuzzing.mutations import broken
from fuzzing.sandbox import OutsideError, scratch, watched

FEW = 150
FEWER = {"folders": 50, "store": 50}


@pytest.mark.parametrize("name", NAMES)
def test_sound_bytes_and_those_that_were_trouble_once(name):
    module = target_named(name)
    sound = {f"seed {number}": content for number, content in enumerate(module.SEEDS)}
    for case, content in (sound | dict(module.REGRESSIONS)).items():
        try:
            with watched():
                module.target(content)
        except BaseException as error:
            error.add_note(f"{name}: {case}")
            raise


@pytest.mark.parametrize("name", NAMES)
def test_broken_bytes_end_in_an_error_of_ours(name):
    module = target_named(name)

    @settings(
        max_examples=FEWER.get(name, FEW),
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(broken(tuple(module.SEEDS)))
    def check(content):
        with watched():
            module.target(content)

    check()


def test_the_watch_sees_what_is_written_outside(tmp_path):
    with watched():
        (scratch() / "inside").write_bytes(b"")
    for write in (tmp_path.joinpath("out").touch, tmp_path.joinpath("out").mkdir):
        with pytest.raises(OutsideError), watched():
            write()
    assert list(tmp_path.iterdir()) == []

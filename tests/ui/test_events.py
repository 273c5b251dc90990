"""What open pages are told, and how often."""

import asyncio
import json
from dataclasses import replace

import pytest

from paribus.store.catalogue import Catalogue
from paribus.store.counts import StudyCounts
from paribus.ui.events import Teller
from paribus.ui.follower import SHARE, Follower
from paribus.ui.moments import Moment, Progress, Reader
from paribus.ui.pages import status_html
from paribus.ui.shelf import LEAST_SECONDS, Held, Shelf
from ui.example_lab import SCRIPT

STUDY = ("second", "demo")


def progress(done=3, working=True, **changes):
    counts = replace(StudyCounts("second", "demo", 10, done, 0, 0), **changes)
    return Progress(counts, int(working), 12.0 if working else None, ())


def following(lab):
    shelf = Shelf(lab)
    follower = Follower(lab, shelf.judge)
    return follower, Teller(follower, shelf)


async def told(events, count):
    found = []
    async for event in events:
        found.append(json.loads(event.removeprefix("data: ")))
        if len(found) == count:
            break
    await events.aclose()
    return found


def run(follower, *work):
    async def all_of():
        tasks = [
            asyncio.create_task(follower.follow()),
            asyncio.create_task(follower.count_verdicts()),
        ]
        try:
            return await asyncio.wait_for(asyncio.gather(*work), 120)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    return asyncio.run(all_of())


def test_a_study_is_told_with_its_version(lab):
    follower, teller = following(lab)
    ((event,),) = run(follower, told(teller.of_study(STUDY), 1))
    assert event["version"].startswith("20-20-0-0-r-")
    assert "20 of 20 runs" in event["status"]
    assert event["trouble"] == ""


def test_markup_in_what_is_trained_is_text():
    said = {"where": SCRIPT, "condition": {SCRIPT: SCRIPT}, "replicate": 0, "epoch": 1}
    shown = status_html(Progress(progress().counts, 1, 1.0, (said | {"epochs": 2},)))
    assert "<script" not in shown
    assert shown.count("&lt;script&gt;alert(1)&lt;/script&gt;") == 3  # where, what, and its bar


def test_verdicts_come_when_they_are_counted(lab):
    follower, teller = following(lab)
    ((first, *later),) = run(follower, told(teller.of_lab(), 6))
    assert len(first["rows"]) == 5
    assert "being counted" in first["rows"]["study-second%2Fdemo"]
    # Only lines that have changed are told again.
    assert all(len(one["rows"]) == 1 for one in later)
    said = {name: html for one in later for name, html in one["rows"].items()}
    assert "2 supported" in said["study-second%2Fdemo"]
    assert "1 refuted" in said["study-second%2Fdemo"]


def test_all_who_listen_are_told_the_same_by_one_reader(lab):
    follower, teller = following(lab)
    found = run(follower, *(told(teller.of_study(STUDY), 1) for _ in range(10)))
    assert all(one == found[0] for one in found)


def test_a_study_that_is_not_there_any_more_is_told(lab):
    follower, teller = following(lab)
    ((event,),) = run(follower, told(teller.of_study(("gone", "demo")), 1))
    assert event == {"trouble": "This study is no longer in the lab."}


def test_a_lab_that_cannot_be_read_is_told(tmp_path):
    follower, teller = following(tmp_path)
    ((event,),) = run(follower, told(teller.of_lab(), 1))
    assert "holds nothing yet" in event["trouble"]


def test_streams_end_with_the_server(lab):
    follower, teller = following(lab)

    async def listening():
        found = []
        async for event in teller.of_study(STUDY):
            found.append(event)
            follower.close()
        return found

    ((event,),) = run(follower, listening())
    assert "version" in event


def test_nobody_reads_while_nobody_listens(lab):
    follower, teller = following(lab)

    async def listen_and_leave():
        await told(teller.of_study(STUDY), 1)
        return follower._wanted.is_set()

    assert run(follower, listen_and_leave()) == [False]


class TestVersions:
    def shelf(self, lab, seconds=0.0):
        now = [0.0]
        shelf = Shelf(lab, clock=lambda: now[0])
        with Catalogue.open(lab, create=False) as catalogue:
            entry = catalogue.study(*STUDY)
        shelf._held[STUDY] = Held(entry, progress().counts, None, seconds=seconds)
        return shelf, now

    def test_a_study_in_training_has_a_new_version_not_too_often(self, lab):
        shelf, now = self.shelf(lab)
        first = shelf.version(STUDY, progress(3))
        assert shelf.version(STUDY, progress(4)) == first
        now[0] = LEAST_SECONDS
        assert shelf.version(STUDY, progress(5)) == progress(5).version

    def test_what_takes_long_comes_less_often(self, lab):
        shelf, now = self.shelf(lab, seconds=2.0)
        first = shelf.version(STUDY, progress(3))
        now[0] = SHARE * 2.0 - 1
        assert shelf.version(STUDY, progress(4)) == first
        now[0] = SHARE * 2.0
        assert shelf.version(STUDY, progress(4)) == progress(4).version

    def test_all_who_follow_a_study_in_training_are_shown_one_reading_of_it(self, lab):
        shelf, now = self.shelf(lab)
        held = shelf.study(STUDY, progress(3))
        assert held.version == progress(3).version
        assert shelf.study(STUDY, progress(4)) is held
        assert shelf.study(STUDY, progress(5)) is held
        now[0] = SHARE * 1e6
        later = shelf.study(STUDY, progress(5))
        assert later is not held
        assert later.version == progress(5).version

    def test_a_study_that_is_not_trained_is_shown_as_it_is(self, lab):
        shelf, _ = self.shelf(lab, seconds=100.0)
        training = shelf.study(STUDY, progress(3))
        ended = shelf.study(STUDY, progress(10, working=False))
        assert ended is not training  # analyses may have come, and no runs
        assert shelf.study(STUDY, progress(10, working=False)) is ended

    def test_the_end_is_told_at_once(self, lab):
        shelf, _ = self.shelf(lab, seconds=100.0)
        shelf.version(STUDY, progress(3))
        ended = progress(10, working=False)
        assert shelf.version(STUDY, ended) == ended.version

    @pytest.mark.parametrize(
        "change", [{"done": 4}, {"diverged": 1}, {"failed": 1}, {"total": 11}, {"plan": 1}]
    )
    def test_whatever_changes_makes_a_version(self, change):
        assert progress(**change).version != progress().version
        assert progress(working=False).version != progress().version


def test_a_reader_opens_a_lab_that_comes_back(tmp_path):
    reader = Reader(tmp_path)
    assert reader.read().trouble
    with Catalogue.open(tmp_path, create=True):
        assert reader.read() == Moment()
    reader.close()

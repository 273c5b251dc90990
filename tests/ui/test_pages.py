"""What the pages say, of what is there and of what is not."""

import html
import json
import re
from html.parser import HTMLParser

import pytest

from paribus.store.catalogue import FILE, Catalogue
from paribus.ui import make_app
from ui.example_lab import SCRIPT

STUDY = "/studies/second/demo"


class Reading(HTMLParser):
    """The text of a page, its links, and all scripts and styles that stand in it."""

    def __init__(self, page):
        super().__init__()
        self.texts, self.links, self.inline, self.within, self.tags = [], [], [], [], []
        self.feed(page)
        self.text = " ".join(" ".join(self.texts).split())

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.tags.append((tag, given))
        self.within.append(tag)
        if tag == "a":
            self.links.append(given.get("href"))
        if tag == "style" or "style" in given or (tag == "script" and "src" not in given):
            self.inline.append((tag, given))
        self.inline += [(tag, name) for name in given if name.startswith("on")]

    def handle_data(self, data):
        self.texts.append(data)


def read(client, path, status=200):
    answer = client.get(path)
    assert answer.status_code == status, answer.text
    return Reading(answer.text)


def test_all_studies_stand_with_how_far_they_are(client):
    page = read(client, "/")
    for name in ("first", "second", "third", "hostile", "waiting"):
        assert f"/studies/{name}/demo" in page.links
    assert re.search(r"second demo complete 20 of 20 20 of 20 runs", page.text)
    assert re.search(r"hostile demo failed 3 of 4 3 of 4 runs · 1 diverged · 1 failed", page.text)
    assert re.search(r"waiting demo not complete 0 of 20", page.text)


@pytest.mark.parametrize(
    "path",
    [
        "/",
        STUDY,
        f"{STUDY}?compare=relu&compare=gelu",
        "/studies/waiting/demo",
        "/studies/hostile/demo",
        "/studies/hostile/demo/runs/hostile-0",
        "/studies/hostile/demo/runs/hostile-3",
    ],
)
def test_no_page_holds_a_script_or_style(client, path):
    assert read(client, path).inline == []


def test_a_study_is_shown_as_in_its_report_and_more(client):
    page = read(client, STUDY)
    headings = [
        *("By epoch", "Findings", "Differences between conditions", "Means", "Figures"),
        *("How it was measured", "Time and origin", "Runs", "Downloads"),
    ]
    places = [page.text.find(f" {one} ") for one in headings]
    assert -1 not in places
    assert "complete 20 of 20 runs" in page.text
    assert "1 to 20 of 20 planned" in page.text


def test_the_link_of_a_study_may_leave_its_scale_out(client):
    answer = client.get("/studies/second", follow_redirects=False)
    assert answer.headers["location"] == STUDY


def test_a_study_without_runs_waits(client):
    page = read(client, "/studies/waiting/demo")
    assert "No run of this study is stored yet" in page.text
    assert page.text.count("not trained yet") == 20


def test_the_metric_that_is_asked_for_is_drawn(client):
    page = client.get(f"{STUDY}?metric=train/loss").text
    assert '<option value="train/loss" selected>' in page
    assert 'data-figure="chosen-curve-train-loss"' in page
    charts = client.get(f"{STUDY}/charts.json?metric=train/loss").json()
    assert "chosen-curve-train-loss" in charts


def test_only_conditions_with_a_level_are_drawn(client):
    charts = client.get(f"{STUDY}/charts.json?only=activation=relu&only=activation=gelu").json()
    rows = charts["chosen-curve-test-accuracy"]["datasets"]["test-accuracy-mean"]
    assert {row["label"] for row in rows} == {"relu", "gelu"}
    whole = charts["curve-test-accuracy"]["datasets"]["test-accuracy-mean"]
    assert len({row["label"] for row in whole}) == 4


def test_every_chart_of_the_page_has_its_data(client):
    for query in ("", "?metric=gradient/norm", "?compare=relu&compare=gelu"):
        page = client.get(f"{STUDY}{query}").text
        named = set(re.findall(r'class="chart" data-figure="([^"]+)"', page))
        assert named == client.get(f"{STUDY}/charts.json{query}").json().keys()


def test_layers_have_a_heat_map_with_a_slider(client):
    page = client.get(f"{STUDY}?metric=gradient/norm").text
    assert 'id="epoch-chosen-heatmap-gradient-norm-activation"' in page


def test_compared_conditions_show_only_what_differs(client):
    page = read(client, "/studies/hostile/demo?" + "compare=relu&compare=" + SCRIPT)
    assert "model.activation" in page.text
    assert "batch_size" not in page.text.partition("Side by side")[2].partition("Findings")[0]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("metric=test/acuracy", "no metric named 'test/acuracy'; did you mean 'test/accuracy'"),
        (
            "only=activation=rely",
            "no level named 'activation=rely'; did you mean 'activation=relu'",
        ),
        ("compare=rely", "no condition named 'rely'; did you mean 'relu'?"),
        ("page=0", "no page of runs named '0'"),
        ("page=x", "no page of runs named 'x'"),
    ],
)
def test_an_address_that_asks_for_what_is_not_there(client, query, said):
    assert said in read(client, f"{STUDY}?{query}", 404).text


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/studies/secnd/demo", "no study named 'secnd'; did you mean 'second'?"),
        ("/studies/second/dem", "no scale of study 'second' named 'dem'; did you mean 'demo'?"),
        ("/studies/secnd", "no study named 'secnd'; did you mean 'second'?"),
        (f"{STUDY}/runs/second-rel", "Those that begin so"),
        (f"{STUDY}/runs/zzz", "None begins so"),
        (f"{STUDY}/figures/curve.svg", "no figure named 'curve'"),
        (f"{STUDY}/figures/curve-test-accuracy.gif", "no format named 'gif'; known: png, svg"),
        ("/nothing", "There is no such page."),
        ("/static/../app.py", "There is no such page."),
        ("/static/app.py", "There is no such page."),
    ],
)
def test_what_is_not_there_is_said_with_what_is(client, path, said):
    assert said in html.unescape(read(client, path, 404).text)


@pytest.mark.parametrize(
    ("path", "said"),
    [
        (f"{STUDY}/tables/rins.csv", "no table named 'rins'; did you mean 'runs'?"),
        (f"{STUDY}/charts.json?metric=x", "no metric named 'x'"),
        ("/studies/secnd/demo/events", "no study named 'secnd'"),
    ],
)
def test_what_programs_ask_for_is_answered_in_plain_text(client, path, said):
    answer = client.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/plain")
    assert said in answer.text


class TestMarkup:
    """Names that are markup are shown as text, wherever they stand."""

    @pytest.mark.parametrize(
        "path",
        [
            "/studies/hostile/demo",
            f"/studies/hostile/demo?compare={SCRIPT}&compare=relu",
            "/studies/hostile/demo/runs/hostile-0",
            "/studies/hostile/demo/runs/hostile-3",
            f"/studies/hostile/demo?page={SCRIPT}",
            f"/studies/hostile/demo?metric={SCRIPT}",
            f"/studies/hostile/demo?compare={SCRIPT}{SCRIPT}",
            f"/{SCRIPT}",
        ],
    )
    def test_it_stays_text(self, client, path):
        answer = client.get(path)
        assert "<script>alert" not in answer.text
        assert Reading(answer.text).inline == []
        if not path.startswith("/<"):
            assert SCRIPT in Reading(answer.text).text

    def test_a_run_tells_its_failure(self, client):
        page = read(client, "/studies/hostile/demo/runs/hostile-3")
        assert f"It failed ValueError: {SCRIPT}" in page.text


def test_a_run_is_shown_in_full(client):
    page = read(client, f"{STUDY}/runs/second-relu-2")
    for said in ("relu, replicate 2", "model.activation relu", "JAX 0.9.0", "118,282", "Finished"):
        assert said in page.text
    assert "test/accuracy" in page.text


def test_a_run_that_is_not_stored_says_so(client):
    page = read(client, "/studies/waiting/demo/runs/waiting-relu-0")
    assert "planned and not stored yet" in page.text


def test_a_diverged_run_says_where(client):
    page = read(client, "/studies/hostile/demo/runs/hostile-1")
    assert "not finite from epoch 7 on" in page.text


def test_pages_are_not_kept_and_files_are_asked_for_again(client):
    assert client.get(STUDY).headers["cache-control"] == "no-store"
    first = client.get("/static/ui.js")
    again = client.get("/static/ui.js", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_a_run_that_comes_is_shown(tmp_path):
    from starlette.testclient import TestClient  # noqa: PLC0415

    from report.example_lab import study  # noqa: PLC0415
    from results.example_studies import activation_runs  # noqa: PLC0415

    made = study("growing")
    runs = list(activation_runs(made))
    client = TestClient(make_app(tmp_path), base_url="http://localhost")
    with Catalogue.open(tmp_path, create=True) as catalogue:
        catalogue.put_study(made)
        catalogue.add_run(runs[0])
        before = client.get("/studies/growing/demo")
        catalogue.add_run(runs[1])
        after = client.get("/studies/growing/demo")
    assert "1 of 20 runs" in before.text
    assert "2 of 20 runs" in after.text
    version = re.compile(r'data-version="([^"]+)"')
    assert version.search(before.text)[1] != version.search(after.text)[1]


def test_a_lab_that_goes_is_told_and_the_server_lives(tmp_path):
    from starlette.testclient import TestClient  # noqa: PLC0415

    from report.example_lab import fill  # noqa: PLC0415

    with Catalogue.open(tmp_path, create=True) as catalogue:
        fill(catalogue)
    client = TestClient(make_app(tmp_path), base_url="http://localhost")
    assert client.get("/studies/second/demo").status_code == 200
    whole = (tmp_path / FILE).read_bytes()
    (tmp_path / FILE).write_bytes(b"this is no database" * 100)
    damaged = client.get("/studies/second/demo")
    assert damaged.status_code == 503
    assert "is not an SQLite database" in damaged.text
    assert "is not an SQLite database" in client.get("/").text
    for left in tmp_path.glob(f"{FILE}-*"):
        left.unlink()
    (tmp_path / FILE).write_bytes(whole)
    assert client.get("/studies/second/demo").status_code == 200
    (tmp_path / FILE).unlink()
    assert "holds nothing yet" in client.get("/").text


def test_charts_are_json_without_what_json_has_not(client):
    answer = client.get("/studies/hostile/demo/charts.json")
    assert answer.status_code == 200
    assert json.loads(answer.text, parse_constant=pytest.fail)

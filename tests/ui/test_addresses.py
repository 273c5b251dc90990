"""Addresses: what a page's links and forms hold leads where it should, whatever the names are."""

import html
import re
from dataclasses import replace
from urllib.parse import parse_qs, quote, urlsplit

import httpx
import pytest

from paribus.store.catalogue import FILE, Catalogue
from paribus.store.records import Member
from paribus.ui import make_app
from report.example_lab import study
from results.example_studies import activation_runs, classification, entry, factor, stored
from ui.serving import served, told

STUDY = "/studies/second/demo"
SLIDER = "epoch-chosen-heatmap-gradient-norm-activation"
FOLDERS = ["/home/ada/images", "/home/bob/images"]


def of(name, factors, replicates=1):
    """A study of these factors, all of whose runs are stored, and the runs."""
    made = entry(factors, replicates, name=name)
    members = tuple(
        Member(f"{name}-{place}", one.condition, one.replicate)
        for place, one in enumerate(made.members)
    )
    made = replace(made, name=name, members=members)
    return made, [stored(one, classification(0.9, 0.3, n)) for n, one in enumerate(members)]


@pytest.fixture(scope="module")
def odd(tmp_path_factory):
    """The page of a lab with names that say something to others than people."""
    from starlette.testclient import TestClient  # noqa: PLC0415

    lab = tmp_path_factory.mktemp("odd")
    home = study("home", replicates=1)
    sliced = [factor("学习", ["a", "b"], "model.bias"), factor("批量", ["8", "9"], "batch_size")]
    with Catalogue.open(lab, create=True) as catalogue:
        for made, runs in (
            (home, list(activation_runs(home))),
            of("folders", [factor("folder", FOLDERS, "data.folder")]),
            of("sliced", sliced),
            (replace(study("none"), members=()), []),
            (study("many", replicates=26), []),
        ):
            catalogue.put_study(made)
            catalogue.add_runs(runs)
    return TestClient(make_app(lab), base_url="http://localhost")


def page_of(client, path, status=200):
    answer = client.get(path)
    assert answer.status_code == status, answer.text
    return answer.text


def links(page):
    return [html.unescape(one) for one in re.findall(r'<a [^>]*href="([^"#]+)', page)]


def text_of(page):
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


@pytest.mark.parametrize(
    "path", ["/", "/studies/home/demo", "/studies/home/demo/runs/home-relu-0"]
)
def test_a_study_called_home_has_links_that_lead_there(odd, path):
    page = page_of(odd, path)
    here = [one for one in links(page) if "home" in one or "~" in one]
    assert any(one.startswith("/studies/home/demo") for one in here)
    for one in dict.fromkeys(here):
        assert odd.get(one).status_code == 200, one
    for one in re.findall(r'data-(?:events|charts)="([^"]+)"', page):
        assert one.startswith(("/events", "/studies/home/demo/"))


@pytest.mark.parametrize("name", ["only", "compare"])
def test_levels_that_are_home_folders_are_told_apart_by_their_values(odd, name):
    page = page_of(odd, "/studies/folders/demo")
    said = [html.unescape(one) for one in re.findall(rf'name="{name}" value="([^"]+)"', page)]
    assert said == ([f"folder={one}" for one in FOLDERS] if name == "only" else FOLDERS)
    for one in said:
        chosen = page_of(odd, f"/studies/folders/demo?{name}={quote(one)}")
        assert chosen.count(f'name="{name}" value="{one}" checked') == 1
    assert "~/images" in text_of(page)
    assert "/home/" not in text_of(page)


def test_figures_of_factors_that_no_file_can_name_are_two(odd):
    query = "?metric=gradient/norm"
    page = page_of(odd, f"/studies/sliced/demo{query}")
    named = re.findall(r'class="chart" data-figure="(chosen-heatmap[^"]+)"', page)
    assert len(dict.fromkeys(named)) == 2
    charts = odd.get(f"/studies/sliced/demo/charts.json{query}").json()
    assert set(named) <= charts.keys()


def test_a_study_that_plans_nothing_says_so(odd):
    said = text_of(page_of(odd, "/studies/none/demo"))
    assert "No run is planned." in said
    assert "1 to 0" not in said
    assert "not complete 0 of 0 runs" in said


@pytest.mark.parametrize("epoch", ["²", "9" * 5000, "-1", "x", "", "٣"])
def test_an_epoch_that_is_none_is_the_last(client, epoch):
    figure = f"{STUDY}/figures/chosen-heatmap-gradient-norm-activation.svg?metric=gradient/norm"
    answer = client.get(f"{figure}&epoch={quote(epoch)}")
    assert answer.status_code == 200
    assert answer.text == client.get(figure).text


@pytest.mark.parametrize("page", ["²", "٣", "-1", ""])
def test_a_page_of_runs_that_is_none(client, page):
    said = f"no page of runs named {page!r}"
    assert said in html.unescape(page_of(client, f"{STUDY}?page={quote(page)}", 404))


def test_links_within_a_study_keep_where_its_sliders_stand(client, odd):
    page = page_of(client, f"{STUDY}?metric=gradient/norm&compare=relu&{SLIDER}=3&epoch-x=y")
    (without,) = re.findall(r'href="([^"]+)">Compare no more', page)
    asked = parse_qs(urlsplit(html.unescape(without)).query)
    assert asked == {"metric": ["gradient/norm"], SLIDER: ["3"]}
    page = page_of(odd, f"/studies/many/demo?{SLIDER}=3")
    (later,) = re.findall(r'href="([^"]+)#runs" rel="next"', page)
    assert parse_qs(urlsplit(html.unescape(later)).query) == {"page": ["2"], SLIDER: ["3"]}


def test_an_address_without_a_scale_keeps_what_it_asks_for(client):
    query = "?metric=train/loss&only=activation%3Drelu"
    answer = client.get(f"/studies/second{query}", follow_redirects=False)
    assert answer.headers["location"] == f"{STUDY}{query}"
    assert client.get("/studies/second", follow_redirects=False).headers["location"] == STUDY


def test_a_stream_begins_though_the_lab_cannot_be_read(tmp_path):
    made = study("growing")
    with Catalogue.open(tmp_path, create=True) as catalogue:
        catalogue.put_study(made)
    whole = (tmp_path / FILE).read_bytes()
    with served(tmp_path) as (_, url), httpx.Client(base_url=url, timeout=60) as client:
        (tmp_path / FILE).write_bytes(b"this is no database" * 100)
        with client.stream("GET", "studies/growing/demo/events") as answer:
            assert answer.status_code == 200
            seen = told(answer)
            assert "is not an SQLite database" in next(seen)["trouble"]
            (tmp_path / FILE).write_bytes(whole)
            assert next(one for one in seen if not one["trouble"])["version"].startswith("20-0")
        assert client.get("studies/grown/demo/events").status_code == 404

"""Whatever is declared is planned, or refused with everything that is wrong with it."""

import json

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from paribus import Factor, Recipe, Study, analyses, claims, figures, probes
from paribus.cli.arguments import parse_only, parse_sets
from paribus.data.base import Source
from paribus.errors import DeclarationError
from paribus.study.plan import make_plan
from study import strategies as declared
from study.example_study import tiny_recipe, tiny_study

some = settings(
    max_examples=40,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
RATE = declared.RATE
PARTS = [
    part
    for module in (claims, probes, figures, analyses)
    for part in vars(module).values()
    if isinstance(part, type) and hasattr(part, "model_fields") and not part.__abstractmethods__
    if part.__module__.startswith(module.__name__)
]
FIELDS = ("probes", "figures", "analyses", "claims")


def planned(study, **changes):
    """A plan whose JSON is finite and comes back as it was."""
    plan = make_plan(study.at(**changes), Source())
    for content in (plan.as_json(), plan.entry.document):
        assert json.loads(json.dumps(content, allow_nan=False)) == json.loads(json.dumps(content))
    assert plan.study.differences.keys() == {"consequences", "confounds"}
    assert plan.notices() is not None
    return plan


def made(make):
    """What is declared, or None where it is refused as it should be."""
    try:
        return make()
    except DeclarationError as error:
        refused = error
    assert refused.faults
    assert all(fault.problem for fault in refused.faults)
    return None


def keys(plan):
    return {(tuple(run.condition.items()), run.replicate): run.key for run in plan.runs}


@some
@given(declared.sound_fields())
def test_what_is_sound_is_planned(fields):
    plan = planned(Study(**fields))
    assert (
        len(plan.runs)
        == len({tuple(run.condition.items()) for run in plan.runs}) * (fields["replicates"])
    )


@some
@given(declared.sound_fields())
def test_a_key_stands_for_a_recipe_a_replicate_and_data(fields):
    plan = planned(Study(**fields))
    by_key = {}
    for run in plan.runs:
        content = json.dumps(run.recipe.as_json(), sort_keys=True), run.replicate
        assert by_key.setdefault(run.key, content) == content
    assert len(set(by_key.values())) == len(by_key)


@some
@given(declared.sound_fields(), st.randoms(use_true_random=False))
def test_the_order_in_which_fields_are_given_changes_nothing(fields, random):
    study = Study(**fields)
    names = list(fields)
    random.shuffle(names)
    recipe = {name: getattr(study.recipe, name) for name in reversed(Recipe.model_fields)}
    again = Study(**{name: fields[name] for name in names} | {"recipe": Recipe(**recipe)})
    assert planned(again).as_json() == planned(study).as_json()


@some
@given(declared.sound_fields(), st.floats(1e-6, 1))
def test_a_level_or_a_replicate_more_changes_no_key(fields, rate):
    fields |= {"factors": (Factor(RATE, {"a": 0.1, "b": 0.2}), *of_others(fields["factors"]))}
    fewer = Study(**fields)
    more = Study(
        **fields
        | {
            "factors": (
                Factor(RATE, {"a": 0.1, "b": 0.2, "c": rate}),
                *of_others(fields["factors"][1:]),
            ),
            "replicates": fields["replicates"] + 1,
        }
    )
    assert keys(planned(fewer)).items() <= keys(planned(more)).items()


def of_others(factors):
    return tuple(factor for factor in factors if factor.path != RATE)


@some
@given(
    declared.paths | declared.anything,
    st.dictionaries(declared.texts, declared.anything, max_size=3) | declared.anything,
    declared.texts | declared.anything,
    st.just(()) | declared.anything,
)
def test_a_factor_of_anything(path, levels, name, about):
    factor = made(lambda: Factor(path, levels, name, about))
    if factor is not None:
        study = made(lambda: tiny_study(factors=[factor]))
        assert study is None or planned(study)


@some
@given(
    st.sampled_from(tuple(declared.levels_by_path)),
    st.lists(declared.texts.filter(declared.is_sound), min_size=2, max_size=3, unique=True),
    st.data(),
)
def test_a_label_is_any_line_of_text(path, labels, data):
    levels = {label: data.draw(declared.levels_by_path[path]) for label in labels}
    plan = planned(tiny_study(factors=[Factor(path, levels, name="way")]))
    assert [run.condition["way"] for run in plan.runs[::2]] == labels


@pytest.mark.parametrize(
    "label", ["", " ", "a\nb", "a\tb", "\x1b[31m", "\x9b1m", "\u202ex", "\ud800", "x" * 201]
)
def test_a_label_that_is_no_line_of_text_is_refused(label):
    with pytest.raises(DeclarationError, match="should be one line of text, of 200 characters"):
        Factor(RATE, {label: 0.1, "b": 0.2})
    if label:
        with pytest.raises(DeclarationError, match=r"name: got .* should be one line of text"):
            Factor(RATE, {"a": 0.1}, name=label)


def test_all_that_is_wrong_with_a_factor_is_said_together():
    with pytest.raises(DeclarationError) as caught:
        Factor(None, {"a": {3: 1}, "\n": 1}, name=5, about=[RATE, 7])
    assert [fault.path for fault in caught.value.faults] == ["path", "name", "", "", ""]


@some
@given(st.dictionaries(declared.paths, declared.anything, max_size=3))
def test_fields_of_anything(values):
    recipe = made(lambda: tiny_recipe().with_fields(values))
    assert recipe is None or json.dumps(recipe.as_json(), allow_nan=False)


@some
@given(
    st.dictionaries(
        st.sampled_from(tuple(Recipe.model_fields)) | declared.texts, declared.anything, max_size=3
    )
)
def test_a_recipe_of_anything(values):
    fields = {name: getattr(tiny_recipe(), name) for name in Recipe.model_fields}
    recipe = made(lambda: Recipe(**fields | values))
    assert recipe is None or json.dumps(recipe.as_json(), allow_nan=False)


def test_every_wrong_field_is_named():
    wrong = {"epochs": 0, "batch_size": 2**31, "loss": "mse", "precision": "float16", "lost": 1}
    with pytest.raises(DeclarationError) as caught:
        tiny_recipe(**wrong)
    assert {fault.path for fault in caught.value.faults} == set(wrong)


@some
@given(
    declared.sound_fields(),
    st.dictionaries(st.sampled_from(tuple(Study.model_fields)), declared.anything, max_size=2),
)
def test_a_study_of_anything(sound, anything):
    study = made(lambda: Study(**sound | anything))
    assert study is None or planned(study)


@some
@given(st.sampled_from(PARTS), st.data())
def test_a_claim_probe_figure_or_analysis_of_anything(part, data):
    values = declared.anything | st.sampled_from(
        ("test/accuracy", "learning_rate", ("low", "high"), {"learning_rate": "low"}, 0.1)
    )
    names = st.sampled_from((*part.model_fields, "unknown"))
    fields = data.draw(st.dictionaries(names, values, max_size=3))
    one = made(lambda: part(**fields))
    home = part.__module__.split(".")[1]
    if one is not None and home in FIELDS and "when" not in part.__module__:
        study = made(lambda: tiny_study(**{home: [one]}))
        assert study is None or planned(study)


TYPED = st.sampled_from(
    (
        *("1", "1e400", "NaN", "-Infinity", "[[[", "(" * 500, "[" * 100_000, "9" * 5000, "0x1for"),
        *("'\\d'", "1 is 1", "{'a': 1}", "{1: 2}", "[1]*3", "1_0", "[16]", "relu", "null", "\x00"),
        *('{"kind": "sgd", "learning_rate": 1}', "$(rm)", "low", "high", "low,high", ",", "="),
    )
)


@some
@given(
    st.lists(
        st.builds("{}={}".format, declared.paths, TYPED | declared.texts) | declared.texts,
        max_size=3,
    ),
    st.lists(
        st.builds("{}={}".format, st.just("learning_rate") | declared.texts, TYPED), max_size=2
    ),
    st.none() | st.integers(-2, 4) | st.booleans() | st.sampled_from((10**6 + 1, 10**30)),
)
def test_anything_typed(sets, only, replicates):
    study = tiny_study()
    plan = made(
        lambda: planned(
            study, values=parse_sets(sets), only=parse_only(only), replicates=replicates
        )
    )
    assert plan is None or plan.runs


@pytest.mark.parametrize("replicates", [True, 0, -1, 1_000_001, 10**30])
def test_replicates_that_cannot_be_are_refused(replicates):
    with pytest.raises(DeclarationError, match="replicates: got"):
        tiny_study().at(replicates=replicates)
    with pytest.raises(DeclarationError, match="replicates: got"):
        tiny_study(replicates=replicates)


@pytest.mark.parametrize("design", ["factorial", "one at a time"])
def test_a_plan_that_would_never_be_made_is_refused(design):
    factors = [
        Factor(f"a{n}", {str(k): {"epochs": k + 1} for k in range(10)}, f"f{n}") for n in range(9)
    ]
    first = Factor(RATE, [0.1, 0.2])
    with pytest.raises(DeclarationError) as caught:
        tiny_study(factors=[first, *factors], design=design, replicates=1_000_000)
    told = "\n".join(map(str, caught.value.faults))
    assert "allowed are 1,000,000 runs in all" in told
    assert "factors: make 2,000,000,000 conditions" in told or design != "factorial"


def test_a_level_that_is_a_folder_is_labelled_with_its_last_part(tmp_path):
    factor = Factor("data.folder", [tmp_path / "ada" / "first", tmp_path / "ada" / "second"])
    assert factor.labels == ("first", "second")
    with pytest.raises(DeclarationError, match="two levels labelled 'first'"):
        Factor("data.folder", [tmp_path / "ada" / "first", tmp_path / "eve" / "first"])


@some
@given(declared.sound_fields())
def test_planned_twice_it_is_the_same(fields):
    assume(fields["factors"])
    assert keys(planned(Study(**fields))) == keys(planned(Study(**fields)))

"""Widths for a number of parameters: exact where that can be, else nearest, and said so."""

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paribus.errors import DeclarationError
from paribus.models import CNN, Convolution, Pool, Widths, cnn_within, mlp_within
from paribus.models.base import parameter_count, skeleton


def convolutions(*channels, kernel=4):
    return tuple(Convolution(channels=one, kernel=kernel, pool=Pool()) for one in channels)


@pytest.mark.parametrize(
    ("budget", "channels", "hidden"),
    [
        (25_550, (10, 16), (74, 32, 32)),
        (25_570, (6, 20), (54, 54, 42, 16, 8)),
        (25_621, (10, 20), (63, 27)),
    ],
)
def test_the_networks_of_deep_against_shallow_have_their_budgets(budget, channels, hidden):
    fitted = cnn_within(
        budget,
        shape=(28, 28, 1),
        outputs=10,
        convolutions=convolutions(*channels),
        widths=Widths(depth=len(hidden), rule=hidden, leeway=0.0),
    )
    assert fitted.model == CNN(convolutions=convolutions(*channels), hidden=hidden)
    assert fitted.exact
    assert fitted.parameters == budget
    assert parameter_count(skeleton(fitted.model, (28, 28, 1), 10)) == budget
    widths = ", ".join(map(str, hidden))
    assert fitted.sentence == (
        f"hidden layers of {widths}: {budget:,} parameters, exactly the budget"
    )


@pytest.mark.parametrize(
    ("budget", "hidden"),
    [(571, (5, 10, 10, 10, 10, 10, 5)), (572, (10, 18, 15, 4)), (571, (190,))],
)
def test_the_networks_of_function_fitting_have_their_budgets(budget, hidden):
    widths = Widths(depth=len(hidden), rule=hidden)
    fitted = mlp_within(budget, shape=(1,), outputs=1, widths=widths)
    assert (fitted.model.hidden, fitted.exact) == (hidden, True)


@pytest.mark.parametrize(
    ("rule", "hidden"),
    [
        ("equal", (45, 45, 45, 45, 45)),
        ("funnel", (64, 32, 16, 8, 4)),
        ("bottleneck", (58, 29, 15, 29, 58)),
    ],
)
def test_a_rule_can_be_kept_to_the_letter(rule, hidden):
    widths = Widths(depth=5, rule=rule, leeway=0.0)
    fitted = cnn_within(
        25_570, shape=(28, 28), outputs=10, convolutions=convolutions(6, 20), widths=widths
    )
    assert fitted.model.hidden == hidden
    assert not fitted.exact
    assert "the nearest with the rule's widths, to the letter" in fitted.sentence


def test_leeway_makes_it_exact_near_the_rule():
    given = {"shape": (28, 28), "outputs": 10, "convolutions": convolutions(6, 20)}
    fitted = cnn_within(25_570, **given, widths=Widths(depth=5))
    assert fitted.exact
    assert max(fitted.model.hidden) - min(fitted.model.hidden) <= 4


def test_what_is_not_exact_says_how_far_it_is_off():
    fitted = mlp_within(100_007, shape=(3072,), outputs=10, widths=Widths(depth=1))
    assert fitted.model.hidden == (32,)
    assert (fitted.exact, fitted.parameters) == (False, 98_666)
    assert fitted.sentence == (
        "hidden layers of 32: 98,666 parameters, 1,341 fewer than the budget of 100,007: "
        "the nearest with a leeway of 10%"
    )


def test_channels_are_chosen_where_there_are_no_hidden_layers():
    given = {"shape": (28, 28, 3), "outputs": 10, "convolutions": convolutions(6, 12, kernel=5)}
    fitted = cnn_within(20_000, **given, widths=Widths(depth=0, leeway=0.25))
    ruled = cnn_within(20_000, **given, widths=Widths(depth=0, leeway=0.0)).model.convolutions
    assert abs(2 * ruled[0].channels - ruled[1].channels) <= 1
    assert parameter_count(skeleton(fitted.model, (28, 28, 3), 10)) == fitted.parameters
    assert abs(fitted.parameters - 20_000) < 20
    for chosen, rule in zip(fitted.model.convolutions, ruled, strict=True):
        assert abs(chosen.channels - rule.channels) <= 0.25 * rule.channels
    assert fitted.model.convolutions[0].kernel == 5


MODELS = st.fixed_dictionaries(
    {
        "budget": st.integers(3_000, 300_000),
        "shape": st.sampled_from([(1,), (64,), (8, 8), (12, 10, 3)]),
        "outputs": st.integers(1, 12),
        "depth": st.integers(1, 6),
        "rule": st.sampled_from(["equal", "funnel", "bottleneck"]),
        "leeway": st.sampled_from([0.0, 0.05, 0.2]),
    }
)


@settings(max_examples=60, deadline=None)
@given(MODELS)
def test_counts_are_those_of_the_networks(asked):
    widths = Widths(depth=asked["depth"], rule=asked["rule"], leeway=asked["leeway"])
    sizes = {"shape": asked["shape"], "outputs": asked["outputs"]}
    found = [mlp_within(asked["budget"], **sizes, widths=widths)]
    if len(asked["shape"]) > 1:
        layers = (
            Convolution(channels=4, kernel=(3, 2), padding=1, pool=Pool()),
            Convolution(channels=5, kernel=2, stride=(1, 2)),
        )
        found.append(cnn_within(asked["budget"], **sizes, convolutions=layers, widths=widths))
    for fitted in found:
        network = skeleton(fitted.model, asked["shape"], asked["outputs"])
        assert parameter_count(network) == fitted.parameters
        assert fitted.exact == (fitted.parameters == asked["budget"])
        assert len(fitted.model.hidden) == asked["depth"]


@settings(max_examples=60, deadline=None)
@given(st.integers(20, 900), st.sampled_from(["equal", "funnel", "bottleneck"]))
def test_no_widths_within_the_leeway_are_nearer(budget, rule):
    """Against every combination, one after the other."""
    ruled = mlp_within(
        budget, shape=(3,), outputs=2, widths=Widths(depth=3, rule=rule, leeway=0.0)
    ).model.hidden
    fitted = mlp_within(
        budget, shape=(3,), outputs=2, widths=Widths(depth=3, rule=rule, leeway=0.2)
    )
    windows = [
        range(max(1, width - max(1, width // 5)), width + max(1, width // 5) + 1)
        for width in ruled
    ]

    def apart(hidden):
        a, b, c = hidden
        return abs(4 * a + (a + 1) * b + (b + 1) * c + (c + 1) * 2 - budget)

    least = min(apart(hidden) for hidden in product(*windows))
    assert apart(fitted.model.hidden) == least


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (
            {"budget": 500},
            [
                "Parameter budget: 1 fault",
                "budget: got 500; the smallest such network (hidden layers of 1, 1, 1) has 809 "
                "parameters, so 809 or more is allowed",
            ],
        ),
        ({"budget": 0}, ["budget: got 0; should be greater than 0"]),
        ({"budget": 1e6}, ["budget: got 1000000.0; should be a valid integer"]),
        (
            {"budget": -1, "outputs": 0, "shape": (28, 0)},
            ["3 faults", "budget: got -1", "outputs: got 0", "shape.1: got 0"],
        ),
        ({"widths": Widths(depth=0)}, ["widths.depth: got 0", "1 or more"]),
    ],
)
def test_what_cannot_be_is_told(asked, expected):
    given = {"budget": 10_000, "shape": (28, 28), "outputs": 10, "widths": Widths(depth=3)}
    with pytest.raises(DeclarationError) as told:
        mlp_within(**(given | asked))
    for text in expected:
        assert text in str(told.value)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (
            {"budget": 100},
            ["the convolutions as declared and hidden layers of 1, 1, 1", "allowed"],
        ),
        (
            {"budget": 20, "widths": Widths(depth=0)},
            ["(channels of 1)", "so 676 or more is allowed"],
        ),
        (
            {"convolutions": convolutions(4, kernel=40)},
            ["convolutions.0.kernel: got 40", "28 x 28"],
        ),
        ({"shape": (28,)}, ["needs images (height, width)"]),
        (
            {"convolutions": (), "widths": Widths(depth=0)},
            ["convolutions: got none, and no hidden layers: no width to choose"],
        ),
    ],
)
def test_what_cannot_be_is_told_of_convolutions(asked, expected):
    given = {"budget": 10_000, "shape": (28, 28), "outputs": 10, "widths": Widths(depth=3)}
    with pytest.raises(DeclarationError) as told:
        cnn_within(**(given | {"convolutions": convolutions(4, kernel=25)} | asked))
    for text in expected:
        assert text in str(told.value)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"depth": -1}, "depth: got -1"),
        ({"depth": 2, "leeway": 1.0}, "leeway: got 1.0; should be less than 1"),
        (
            {"depth": 2, "rule": "funel"},
            "rule: got 'funel'; should be one of equal, funnel, bottleneck, or a positive number "
            "for each hidden layer",
        ),
        ({"depth": 2, "rule": (3.0,)}, "rule: got 1 numbers; should be one for each of 2 hidden"),
        ({"depth": 2, "rule": (3.0, 0.0)}, "rule: got (3.0, 0.0); should be one of"),
        ({"depth": 1, "rule": 3}, "rule: got 3; should be one of"),
    ],
)
def test_a_shape_that_cannot_be_is_told(fields, expected):
    with pytest.raises(DeclarationError) as told:
        Widths(**fields)
    assert expected in str(told.value)

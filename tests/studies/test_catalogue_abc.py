"""The studies of reports A, B and C as the reports have them: sizes, levels, settings."""

from functools import cache

import pytest

from paribus import analyses, figures, optimizers, studies
from paribus.data import CIFAR10, Digits, FashionMNIST, Gurmukhi
from paribus.data.base import Source
from paribus.design.adaptive import Scan
from paribus.models.cnn import CNN
from paribus.models.mlp import MLP
from paribus.study.plan import make_plan

BY_NAME = {study.name: study for study in studies.ALL if study.report in {"A", "B", "C"}}

DEPTHS = tuple(map(str, range(1, 11)))
OUTPUTS = ("softmax", "logits")

FACTORS = {
    "activations": {
        "activation": ("sigmoid", "tanh", "relu", "leaky_relu"),
        "output": OUTPUTS,
        "depth": ("5", "3"),
    },
    "vanishing-gradient": {
        "activation": ("sigmoid", "relu"),
        "output": OUTPUTS,
        "depth": DEPTHS,
    },
    "regularization": {
        "regularization": ("none", "L1", "L2", "L2 penalty", "dropout"),
        "output": OUTPUTS,
    },
    "fashion-architectures": {"architecture": tuple(map(str, range(17)))},
    "loss-equivalence": {
        "architecture": ("0", "6", "16"),
        "loss": ("cross_entropy", "kl_divergence"),
    },
    "depth-to-stall": {
        "activation": ("sigmoid", "tanh", "relu"),
        "depth": tuple(map(str, range(1, 21))),
        "remedy": ("none", "relu", "rate 0.02", "rate 0.002", "He", "Xavier"),
    },
    "regularization-small": {
        "optimizer": ("adam", "sgd"),
        "regularization": ("none", "L1", "L2", "dropout", "L2 at 0.003", "dropout at 0.003"),
    },
    "gradient-check": {"regularization": ("none", "L1", "L2", "dropout")},
}

# By the labels of the factor that decides it; "" where all conditions have one size.
PARAMETERS = {
    ("activations", "depth"): {"5": 528_138, "3": 396_554},
    ("vanishing-gradient", "depth"): {
        "1": 10_250,
        "2": 264_970,
        "3": 330_762,
        "4": 396_554,
        "5": 462_346,
        "6": 528_138,
        "7": 593_930,
        "8": 659_722,
        "9": 725_514,
        "10": 791_306,
    },
    ("regularization", ""): 593_930,
    ("fashion-architectures", "architecture"): {
        "0": 7_850,
        "1": 101_770,
        "2": 101_770,
        "3": 101_770,
        "4": 101_770,
        "5": 101_770,
        "6": 101_770,
        "7": 104_775,
        "8": 101_807,
        "9": 407_050,
        "10": 401_110,
        "11": 366_618,
        "12": 3_985,
        "13": 577_178,
        "14": 227_018,
        "15": 569_016,
        "16": 44_374,
    },
    ("loss-equivalence", "architecture"): {"0": 7_850, "6": 101_770, "16": 44_374},
    # 3072 * 10 + 10, 110 for every further layer of ten, 110 for the outputs
    ("depth-to-stall", "depth"): {
        str(layers): 30_730 + 110 * (layers - 1) + 110 for layers in range(1, 21)
    },
    ("regularization-small", ""): 13_829,
    ("gradient-check", ""): 13_829,
}


@cache
def conditions(name):
    """Recipes by labels, at full scale."""
    found = BY_NAME[name].at("full").resolved()
    return [(dict(condition.labels), recipe) for condition, recipe in found]


def recipes(name, **labels):
    """The recipes of the conditions with these labels."""
    return [
        recipe
        for condition, recipe in conditions(name)
        if all(condition[factor] == label for factor, label in labels.items())
    ]


def settings(recipe):
    """What the reports state: data, optimizer, batch size, epochs."""
    return recipe.data, recipe.optimizer, recipe.batch_size, recipe.epochs


def test_the_catalogue_has_these_studies():
    assert list(BY_NAME) == list(FACTORS)


@pytest.mark.parametrize("name", FACTORS)
class TestEach:
    def test_its_factors_have_the_levels_of_the_catalogue(self, name):
        found = {factor.name: factor.labels for factor in BY_NAME[name].at("full").factors}
        assert found == FACTORS[name]

    def test_its_demo_keeps_the_factors_and_needs_no_file(self, name, tmp_path):
        demo = BY_NAME[name].at("demo")
        assert [factor.name for factor in demo.factors] == list(FACTORS[name])
        plan = make_plan(demo, Source(tmp_path))
        assert {location.state for location in plan.locations.values()} == {"embedded"}

    def test_its_claims_can_be_tested_at_full_scale(self, name):
        study, full = BY_NAME[name], BY_NAME[name].at("full")
        assert study.claims
        assert [full.claim_faults(claim) for claim in study.claims] == [[]] * len(study.claims)

    def test_it_has_five_replicates(self, name):
        assert BY_NAME[name].at("full").replicates == 5


@pytest.mark.parametrize(("name", "factor"), PARAMETERS)
def test_parameters_at_full_scale(name, factor, tmp_path):
    expected = PARAMETERS[name, factor]
    # No remedy changes a size, and there are 300 conditions of them.
    only = {"remedy": ("none",)} if name == "depth-to-stall" else {}
    plan = make_plan(BY_NAME[name].at("full", only=only, replicates=1), Source(tmp_path))
    rows = plan.as_json()["runs"]
    found = {(row["condition"].get(factor), row["parameters"]) for row in rows}
    assert found == set(expected.items() if factor else {(None, expected)})


class TestReportA:
    @pytest.mark.parametrize("name", ["activations", "vanishing-gradient"])
    def test_cifar10_in_grayscale_with_adam(self, name):
        data = CIFAR10(grayscale=True, validation=10_000)
        expected = (data, optimizers.Adam(learning_rate=1e-3), 1024, 10)
        assert {settings(recipe) for recipe in recipes(name)} == {expected}

    def test_a_depth_counts_the_output_layer(self):
        for depth in DEPTHS:
            hidden = {recipe.model.hidden for recipe in recipes("vanishing-gradient", depth=depth)}
            assert hidden == {(256,) * (int(depth) - 1)}

    def test_probes_measure_the_whole_per_layer_set_every_epoch(self):
        measured = {name for probe in BY_NAME["vanishing-gradient"].probes for name in probe.axes}
        assert measured >= {
            *("gradient/mean", "gradient/absolute_mean", "gradient/norm"),
            *("weight/mean", "update/ratio"),
        }
        assert all(probe.due(3, 10) for probe in BY_NAME["vanishing-gradient"].probes)

    def test_time_per_epoch_is_measured_apart(self):
        assert BY_NAME["activations"].analyses == (analyses.EpochTime(name="time"),)

    def test_digits_of_which_each_step_sees_all(self):
        assert {
            (recipe.data, recipe.batch_size, recipe.steps_per_epoch, recipe.epochs)
            for recipe in recipes("regularization")
        } == {(Gurmukhi(validation=100), 1000, 1, 150)}

    @pytest.mark.parametrize(
        ("arm", "l1", "l2", "decay", "dropout"),
        [
            ("none", 0, 0, 0, 0),
            ("L1", 1e-3, 0, 0, 0),
            ("L2", 0, 0, 1, 0),
            ("L2 penalty", 0, 1, 0, 0),
            ("dropout", 0, 0, 0, 0.2),
        ],
    )
    def test_an_arm_of_regularization(self, arm, l1, l2, decay, dropout):
        for recipe in recipes("regularization", regularization=arm):
            assert (recipe.penalties.l1, recipe.penalties.l2) == (l1, l2)
            assert recipe.optimizer == optimizers.Adam(learning_rate=1e-3, weight_decay=decay)
            assert (recipe.model.hidden, recipe.model.dropout) == ((256,) * 6, dropout)


class TestReportB:
    @pytest.mark.parametrize("name", ["fashion-architectures", "loss-equivalence"])
    def test_fashion_mnist_with_adamw(self, name):
        optimizer = optimizers.AdamW(learning_rate=3e-4, weight_decay=1e-3)
        assert {settings(recipe) for recipe in recipes(name)} == {
            (FashionMNIST(), optimizer, 32, 50)
        }
        starts = {
            (recipe.initialization.weights, recipe.initialization.biases)
            for recipe in recipes(name)
        }
        assert starts == {("xavier_normal", "pytorch")}

    @pytest.mark.parametrize(
        ("architecture", "hidden", "activation"),
        [
            ("1", (128,), "sigmoid"),
            ("2", (128,), "tanh"),
            ("3", (128,), "hard_tanh"),
            ("4", (128,), "mish"),
            ("5", (128,), "leaky_relu"),
            ("6", (128,), "relu"),
        ],
    )
    def test_networks_of_one_size_differ_in_activation(self, architecture, hidden, activation):
        (recipe,) = recipes("fashion-architectures", architecture=architecture)
        assert recipe.model == MLP(hidden=hidden, activation=activation)

    def test_every_printed_number_stands_beside_ours(self):
        reported = {
            one.metric: one.values for one in BY_NAME["fashion-architectures"].at("full").reported
        }
        assert list(reported) == ["test/accuracy", "test/precision", "test/recall"]
        labels = list(FACTORS["fashion-architectures"]["architecture"])
        assert {metric: list(values) for metric, values in reported.items()} == dict.fromkeys(
            reported, labels
        )
        assert [values["12"] for values in reported.values()] == [0.8263, 0.826856, 0.826550]
        assert [values["16"] for values in reported.values()] == [0.8899, 0.893300, 0.891262]

    def test_first_steps_of_both_losses_are_compared(self):
        (analysis,) = BY_NAME["loss-equivalence"].analyses
        assert isinstance(analysis, analyses.FirstSteps)
        assert (analysis.name, analysis.steps) == ("first_steps", 100)
        assert analysis.pairs == (("cross_entropy", "kl_divergence"),)

    def test_architectures_are_the_same_in_both_studies(self):
        for label in ("0", "6", "16"):
            models = {recipe.model for recipe in recipes("loss-equivalence", architecture=label)}
            (other,) = recipes("fashion-architectures", architecture=label)
            assert models == {other.model}


class TestReportC:
    def test_narrow_networks_on_cifar10_in_color_with_plain_descent(self):
        plain = recipes("depth-to-stall", remedy="none")
        assert {settings(recipe) for recipe in plain} == {
            (CIFAR10(), optimizers.SGD(learning_rate=0.2), 32, 5)
        }
        assert {recipe.model.hidden for recipe in plain} == {(10,) * n for n in range(1, 21)}

    def test_a_scan_over_depth(self):
        assert BY_NAME["depth-to-stall"].design == Scan(factor="depth", remedies="remedy")
        (shown,) = [
            figure
            for figure in BY_NAME["depth-to-stall"].figures
            if isinstance(figure, figures.StallDepths)
        ]
        assert "The source reports 4 for sigmoid, 14 for tanh and 8 for relu" in shown.remark

    @pytest.mark.parametrize(
        ("remedy", "field", "value"),
        [
            ("relu", "model.activation", "relu"),
            ("rate 0.02", "optimizer.learning_rate", 0.02),
            ("rate 0.002", "optimizer.learning_rate", 0.002),
            ("He", "initialization.weights", "he_normal"),
            ("Xavier", "initialization.weights", "xavier_normal"),
        ],
    )
    def test_a_remedy_changes_one_thing(self, remedy, field, value):
        pairs = zip(
            recipes("depth-to-stall", remedy="none"),
            recipes("depth-to-stall", remedy=remedy),
            strict=True,
        )
        assert all(plain.with_fields({field: value}) == treated for plain, treated in pairs)

    @pytest.mark.parametrize(
        ("arm", "l1", "l2", "dropout", "rate"),
        [
            ("none", 0, 0, 0, 0.003),
            ("L1", 0.0018, 0, 0, 0.003),
            ("L2", 0, 0.0019, 0, 0.0033),
            ("dropout", 0, 0, 0.25, 0.0033),
            ("L2 at 0.003", 0, 0.0019, 0, 0.003),
            ("dropout at 0.003", 0, 0, 0.25, 0.003),
        ],
    )
    def test_an_arm_of_regularization(self, arm, l1, l2, dropout, rate):
        for recipe in recipes("regularization-small", regularization=arm):
            assert (recipe.penalties.l1, recipe.penalties.l2) == (l1, l2)
            assert recipe.model == MLP(hidden=(13, 13, 13), dropout=dropout)
            assert recipe.optimizer.learning_rate == rate
            assert (recipe.data, recipe.batch_size, recipe.epochs) == (Gurmukhi(), 32, 25)

    def test_arms_of_both_optimizers(self):
        kinds = {
            label: {
                type(one.optimizer) for one in recipes("regularization-small", optimizer=label)
            }
            for label in ("adam", "sgd")
        }
        assert kinds == {"adam": {optimizers.Adam}, "sgd": {optimizers.SGD}}

    def test_gradients_are_checked_of_that_network(self):
        shared = recipes("regularization-small", regularization="none", optimizer="adam")[0]
        checked = recipes("gradient-check", regularization="none")[0]
        assert checked == shared.model_copy(update={"epochs": checked.epochs})
        assert BY_NAME["gradient-check"].analyses == (analyses.GradientCheck(),)
        assert {claim.value for claim in BY_NAME["gradient-check"].claims} == {1e-7}


def test_the_small_network_of_a_demo_has_two_convolutions_too():
    for name in ("fashion-architectures", "loss-equivalence"):
        found = {
            condition.labels["architecture"]: recipe
            for condition, recipe in BY_NAME[name].at("demo").resolved()
        }
        model = found["16"].model
        assert isinstance(model, CNN)
        assert [layer.channels for layer in model.convolutions] == [6, 16]
        assert isinstance(found["16"].data, Digits)

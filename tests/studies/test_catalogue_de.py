"""The studies of reports D and E as the reports have them: sizes, levels, settings."""

from functools import cache

import pytest

from paribus import analyses, claims, figures, optimizers, probes, studies
from paribus.data import CIFAR10, MNIST, Flip, Function, Normalize, ResizedCrop
from paribus.data.base import Source
from paribus.models import CNN, MLP, Convolution, Pool, Widths, cnn_within
from paribus.probes.hessian import HessianSpectrum, LargestEigenvalues
from paribus.study.plan import make_plan
from paribus.training.recipe import EarlyStopping, WarmStart
from paribus.training.second_phase import GradientNormPhase

BY_NAME = {study.name: study for study in studies.ALL if study.report in {"D", "E"}}
IN_COLOR = CIFAR10(normalization=Normalize(mean=(0.5,), std=(0.5,)))
HIDDEN_UNITS = ("60", "120", "250", "500", "570", "720", "1050", "1200", "1550", "1990")

FACTORS = {
    "cifar-layers": {"network": ("single layer", "deep linear", "deep relu", "LeNet")},
    "batch-size": {"batch_size": ("1", "4", "1000", "1000 continued")},
    "learning-rate": {"learning_rate": ("10", "0.1", "0.01", "0.0001")},
    "augmentation": {"augmentation": ("plain", "augmented")},
    "loss-function": {"loss": ("cross_entropy", "mean_squared_error")},
    "function-fitting": {
        "network": ("deep", "middle", "shallow", "deep at 0.0011"),
        "target": ("sinc", "square wave"),
    },
    "deep-vs-shallow-mnist": {"dense_layers": ("3", "5", "2")},
    "optimization-path": {},
    "gradient-norm": {},
    "minimal-ratio": {
        "activation": ("relu", "tanh"),
        "method": ("levenberg_marquardt", "lbfgs"),
    },
    "random-labels": {"random_labels": ("0", "0.25", "0.5", "0.75", "1")},
    "parameters-vs-generalization": {"hidden_units": HIDDEN_UNITS},
    "flatness-interpolation": {"training": ("rate 0.001", "rate 0.01", "batch 64", "batch 1024")},
    "sensitivity": {"batch_size": ("8", "32", "128", "512", "2048")},
}

# By the labels of the factor that decides it; "" where all conditions have one size.
PARAMETERS = {
    ("cifar-layers", "network"): {
        "single layer": 30_730,
        "deep linear": 379_774,
        "deep relu": 379_774,
        "LeNet": 62_006,
    },
    ("batch-size", ""): 62_006,
    ("learning-rate", ""): 62_006,
    ("augmentation", ""): 62_006,
    ("loss-function", ""): 62_006,
    ("function-fitting", "network"): {
        "deep": 571,
        "middle": 572,
        "shallow": 571,
        "deep at 0.0011": 571,
    },
    ("deep-vs-shallow-mnist", "dense_layers"): {"3": 25_550, "5": 25_570, "2": 25_621},
    ("optimization-path", ""): 418_060,
    ("gradient-norm", ""): 572,
    ("minimal-ratio", ""): 572,
    ("random-labels", ""): 203_530,
    ("parameters-vs-generalization", "hidden_units"): dict(
        zip(
            HIDDEN_UNITS,
            (
                *(47_710, 95_410, 198_760, 397_510, 453_160),
                *(572_410, 834_760, 954_010, 1_232_260, 1_582_060),
            ),
            strict=True,
        )
    ),
    ("flatness-interpolation", ""): 203_530,
    ("sensitivity", ""): 203_530,
}
# Of deep-vs-shallow-mnist, by number of dense layers.
CHANNELS = {"3": (10, 16), "5": (6, 20), "2": (10, 20)}
DENSE = {"3": (74, 32, 32), "5": (54, 54, 42, 16, 8), "2": (63, 27)}
REPLICATES = {"optimization-path": 8, "minimal-ratio": 100}


@cache
def conditions(name, scale="full"):
    """Recipes by labels."""
    found = BY_NAME[name].at(scale).resolved()
    return [(dict(condition.labels), recipe) for condition, recipe in found]


def recipes(name, **labels):
    """The recipes of the conditions with these labels, at full scale."""
    return [
        recipe
        for condition, recipe in conditions(name)
        if all(condition[factor] == label for factor, label in labels.items())
    ]


def values(name, path):
    """A recipe field of every condition, by its first label."""
    found = {}
    for labels, recipe in conditions(name):
        value = recipe
        for part in path.split("."):
            value = getattr(value, part)
        found.setdefault(next(iter(labels.values()), ""), value)
    return found


def reported(name):
    """What the source printed, by metric."""
    found = BY_NAME[name].at("full").reported
    return {
        one.metric: dict(one.values) for one in (found if isinstance(found, tuple) else [found])
    }


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

    @pytest.mark.parametrize("scale", ["demo", "full"])
    def test_its_claims_can_be_tested(self, name, scale):
        study, scaled = BY_NAME[name], BY_NAME[name].at(scale)
        assert study.claims
        assert [scaled.claim_faults(claim) for claim in study.claims] == [[]] * len(study.claims)

    def test_its_replicates(self, name):
        assert BY_NAME[name].at("full").replicates == REPLICATES.get(name, 5)

    def test_it_says_what_a_report_shows(self, name):
        assert BY_NAME[name].figures


@pytest.mark.parametrize(("name", "factor"), PARAMETERS)
def test_parameters_at_full_scale(name, factor, tmp_path):
    expected = PARAMETERS[name, factor]
    study = BY_NAME[name].at("full", replicates=1)
    rows = make_plan(study, Source(tmp_path)).as_json()["runs"]
    found = {(row["condition"].get(factor), row["parameters"]) for row in rows}
    assert found == (set(expected.items()) if factor else {(None, expected)})


class TestReportD:
    @pytest.mark.parametrize(
        "name", ["cifar-layers", "learning-rate", "augmentation", "loss-function"]
    )
    def test_cifar10_in_color_from_minus_one_to_one_in_batches_of_four(self, name):
        found = {(one.data, one.batch_size, one.epochs) for one in recipes(name)}
        assert found == {(IN_COLOR, 4, 50)}

    @pytest.mark.parametrize(
        "name", ["cifar-layers", "batch-size", "augmentation", "loss-function"]
    )
    def test_descent_with_momentum(self, name):
        expected = optimizers.SGD(learning_rate=0.001, momentum=0.9)
        assert {one.optimizer for one in recipes(name)} == {expected}

    def test_layers_and_lenet(self):
        block = {"kernel": 5, "pool": Pool()}
        convolutions = Convolution(channels=6, **block), Convolution(channels=16, **block)
        assert values("cifar-layers", "model") == {
            "single layer": MLP(hidden=(), activation="identity"),
            "deep linear": MLP(hidden=(120, 84), activation="identity"),
            "deep relu": MLP(hidden=(120, 84), activation="relu"),
            "LeNet": CNN(convolutions=convolutions, hidden=(120, 84)),
        }

    @pytest.mark.parametrize(
        "name", ["batch-size", "learning-rate", "augmentation", "loss-function"]
    )
    def test_one_lenet_in_all(self, name):
        (lenet,) = recipes("cifar-layers", network="LeNet")
        assert {one.model for one in recipes(name)} == {lenet.model}

    def test_linear_layers_are_collapsed_into_one(self):
        expected = analyses.Collapse(name="collapse", deep="deep linear", single="single layer")
        assert BY_NAME["cifar-layers"].analyses == (expected,)

    def test_batches_and_what_the_largest_goes_on_from(self):
        sizes = {"1": 1, "4": 4, "1000": 1000, "1000 continued": 1000}
        assert values("batch-size", "batch_size") == sizes
        starts = values("batch-size", "warm_start")
        assert starts == dict.fromkeys(sizes) | {"1000 continued": WarmStart(batch_size=4)}
        (four,) = recipes("batch-size", batch_size="4")
        (continued,) = recipes("batch-size", batch_size="1000 continued")
        assert continued.predecessor == four.model_copy(update={"evaluate": "end"})

    def test_learning_rates_with_what_was_reported_of_them(self):
        rates = {"10": 10, "0.1": 0.1, "0.01": 0.01, "0.0001": 0.0001}
        assert values("learning-rate", "optimizer.learning_rate") == rates
        assert {one.optimizer.momentum for one in recipes("learning-rate")} == {0.9}
        assert reported("learning-rate") == {
            "train/loss": {"10": 19, "0.1": 2.358, "0.01": 2.308},
            "test/accuracy": {"10": 0.1, "0.1": 0.1, "0.01": 0.1, "0.0001": 0.6},
        }

    def test_augmentation_of_one_arm(self):
        crop = ResizedCrop(scale=(0.08, 1), ratio=(0.75, 4 / 3))
        expected = {"plain": (), "augmented": (crop, Flip(probability=0.5))}
        assert values("augmentation", "augmentation") == expected


class TestFunctionFitting:
    def test_networks_and_their_rates(self):
        hidden = {"deep": (5, 10, 10, 10, 10, 10, 5), "middle": (10, 18, 15, 4), "shallow": (190,)}
        hidden["deep at 0.0011"] = hidden["deep"]
        assert values("function-fitting", "model.hidden") == hidden
        rates = {"deep": 0.0012, "middle": 0.0011, "shallow": 0.0011, "deep at 0.0011": 0.0011}
        assert values("function-fitting", "optimizer.learning_rate") == rates

    def test_both_functions_until_the_loss_is_small(self):
        for target, name in (("sinc", "sinc"), ("square wave", "square")):
            found = recipes("function-fitting", target=target)
            assert {one.data for one in found} == {Function(name=name, examples=1000)}
        for recipe in recipes("function-fitting"):
            assert (recipe.steps_per_epoch, recipe.epochs, recipe.loss_threshold) == (
                1,
                20_000,
                0.001,
            )
            assert (recipe.model.activation, recipe.loss) == ("leaky_relu", "mean_squared_error")
            assert (type(recipe.optimizer), recipe.optimizer.weight_decay) == (
                optimizers.Adam,
                1e-4,
            )

    def test_epochs_to_convergence_stand_beside_ours(self):
        epochs = reported("function-fitting")["epochs/trained"]
        firsts = [epochs[f"{name} · sinc"] for name in ("deep", "middle", "shallow")]
        assert firsts == [2061, 5172, 2186]
        assert set(epochs.values()) == {2061, 5172, 2186, 20_000}


class TestDeepVsShallow:
    def test_the_solver_finds_the_widths_of_the_catalogue(self):
        assert values("deep-vs-shallow-mnist", "model.hidden") == DENSE
        for label, model in values("deep-vs-shallow-mnist", "model").items():
            assert tuple(one.channels for one in model.convolutions) == CHANNELS[label]
            assert {(one.kernel, one.pool) for one in model.convolutions} == {(4, Pool())}
            assert (model.activation, model.dropout) == ("relu", 0.25)

    def test_its_demo_compares_networks_of_about_one_size(self):
        for _, recipe in conditions("deep-vs-shallow-mnist", "demo"):
            depth = len(recipe.model.hidden)
            fitted = cnn_within(
                5_000,
                shape=(8, 8),
                outputs=10,
                convolutions=recipe.model.convolutions,
                widths=Widths(depth=depth, rule=tuple(map(float, recipe.model.hidden))),
            )
            assert abs(fitted.parameters - 5_000) <= 15

    def test_settings_and_what_was_reported(self):
        expected = MNIST(), optimizers.Adam(learning_rate=1e-3, weight_decay=1e-4), 128, 15
        assert {
            (one.data, one.optimizer, one.batch_size, one.epochs)
            for one in recipes("deep-vs-shallow-mnist")
        } == {expected}
        assert reported("deep-vs-shallow-mnist") == {
            "train/accuracy": {"3": 0.9816, "5": 0.9786, "2": 0.9891},
            "train/loss": {"3": 0.0945, "5": 0.0837, "2": 0.0237},
        }


class TestOptimization:
    def test_paths_of_all_weights_and_of_the_first_layer(self):
        study = BY_NAME["optimization-path"]
        assert study.probes == (probes.Weights(when=probes.Every(epochs=3)),)
        assert [one.weights for one in study.analyses] == ["all", "first layer"]
        names = {one.name for one in study.analyses}
        assert {one.analysis for one in study.figures if hasattr(one, "analysis")} == names
        (recipe,) = recipes("optimization-path")
        expected = optimizers.Adam(learning_rate=4e-4, weight_decay=1e-4)
        assert recipe.model == MLP(hidden=(500, 50))
        assert (recipe.optimizer, recipe.batch_size, recipe.epochs) == (expected, 128, 40)

    def test_the_gradient_along_training(self):
        (recipe,) = recipes("gradient-norm")
        assert recipe.data == Function(name="sinc")
        assert recipe.model == MLP(hidden=(10, 18, 15, 4), activation="relu")
        assert recipe.optimizer == optimizers.Adam(learning_rate=1e-2, weight_decay=1e-4)
        assert (recipe.epochs, recipe.loss_threshold) == (10_000, 0.001)
        # The batch on which the gradient is taken is all of the data.
        assert (recipe.steps_per_epoch, recipe.batch) == (1, 1000)
        assert reported("gradient-norm") == {
            "epochs/trained": {"one condition": 700},
            "gradient/total_norm": {"one condition": 0.236},
        }

    def test_two_phases(self):
        for recipe in recipes("minimal-ratio"):
            assert (recipe.data, recipe.steps_per_epoch) == (Function(name="sinc"), 1)
            assert recipe.model.hidden == (10, 18, 15, 4)
            assert recipe.optimizer == optimizers.Adam(learning_rate=5e-4)
            assert recipe.epochs == 10_000
            stopping = recipe.early_stopping
            assert stopping == EarlyStopping(
                metric="train/loss", patience=stopping.patience, relative_change=0.01
            )
            assert recipe.evaluate * stopping.patience == 500
            assert recipe.precision == "float64"
            assert isinstance(recipe.second_phase, GradientNormPhase)
            assert (recipe.second_phase.tolerance, recipe.second_phase.loss_factor) == (1e-4, 2)

    def test_the_phase_is_that_of_its_label(self):
        for method in ("levenberg_marquardt", "lbfgs"):
            found = recipes("minimal-ratio", method=method)
            assert {one.second_phase.method for one in found} == {method}

    def test_the_spectrum_at_the_end_with_loss_against_minimal_ratio(self):
        study = BY_NAME["minimal-ratio"]
        assert study.probes == (HessianSpectrum(),)
        (scatter,) = [one for one in study.figures if isinstance(one, figures.RunScatter)]
        assert (scatter.x, scatter.y) == ("hessian/minimal_ratio", "train/loss")
        assert scatter.unless == "second_phase/converged"


class TestGeneralization:
    def test_random_labels(self):
        shares = {label: float(label) for label in FACTORS["random-labels"]["random_labels"]}
        assert values("random-labels", "data.random_labels") == shares
        for recipe in recipes("random-labels"):
            assert recipe.data.bare() == MNIST()
            assert recipe.optimizer == optimizers.Adam(learning_rate=1e-4)
            assert (recipe.model, recipe.batch_size, recipe.epochs) == (
                MLP(hidden=(256,)),
                256,
                1000,
            )
        assert reported("random-labels") == {
            "train/loss": {"1": 0.0305},
            "test/loss": {"1": 11.55},
            "test/accuracy": {"1": 0.1086},
        }

    def test_width_alone_is_varied(self):
        expected = MNIST(), optimizers.Adam(learning_rate=1e-3), 128, 20
        assert {
            (one.data, one.optimizer, one.batch_size, one.epochs)
            for one in recipes("parameters-vs-generalization")
        } == {expected}
        hidden = {label: (int(label),) for label in HIDDEN_UNITS}
        assert values("parameters-vs-generalization", "model.hidden") == hidden

    def test_pairs_of_trainings(self):
        rates = {"rate 0.001": 1e-3, "rate 0.01": 1e-2, "batch 64": 1e-3, "batch 1024": 1e-3}
        sizes = {"rate 0.001": 128, "rate 0.01": 128, "batch 64": 64, "batch 1024": 1024}
        assert values("flatness-interpolation", "optimizer.learning_rate") == rates
        assert values("flatness-interpolation", "batch_size") == sizes
        assert {
            (one.data, one.optimizer.weight_decay, one.epochs)
            for one in recipes("flatness-interpolation")
        } == {(MNIST(), 1e-4, 5)}

    def test_the_line_between_the_ends_of_each_pair(self):
        study = BY_NAME["flatness-interpolation"]
        (line,) = study.analyses
        barriers = [one for one in study.claims if isinstance(one, claims.Barrier)]
        assert list(line.pairs) == [(one.first, one.second) for one in barriers]
        assert {one.margin for one in barriers} == {0.05}
        assert (line.positions[0], line.positions[-1], len(line.positions)) == (-1, 2, 61)

    def test_batches_with_sensitivity_and_sharpness_at_the_end(self):
        sizes = {label: int(label) for label in FACTORS["sensitivity"]["batch_size"]}
        assert values("sensitivity", "batch_size") == sizes
        assert {
            (one.data, one.model, one.optimizer, one.epochs) for one in recipes("sensitivity")
        } == {(MNIST(), MLP(hidden=(256,)), optimizers.SGD(learning_rate=0.01), 10)}
        kinds = [type(probe) for probe in BY_NAME["sensitivity"].probes]
        assert kinds == [probes.Sensitivity, LargestEigenvalues]
        assert all(probe.at_end for probe in BY_NAME["sensitivity"].probes)

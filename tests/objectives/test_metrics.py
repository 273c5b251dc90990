import numpy as np
import pytest
from sklearn import metrics as sklearn_metrics

from paribus.objectives.metrics import Predictions, confusion_matrix, metrics

CLASSES = 6


@pytest.fixture(params=["usual", "a class never predicted", "a class that does not occur", "one"])
def pair(request):
    """True and predicted classes."""
    random = np.random.default_rng(7)
    true = random.integers(0, CLASSES, 200).astype(np.int32)
    predicted = np.where(random.random(200) < 0.6, true, random.integers(0, CLASSES, 200))
    if request.param == "a class never predicted":
        predicted[predicted == 2] = 3
    if request.param == "a class that does not occur":
        true[true == 5] = 4
    if request.param == "one":
        true, predicted = true[:1], predicted[:1]
    return true, predicted.astype(np.int32)


def test_metrics_are_those_of_scikit_learn(pair):
    losses = np.random.default_rng(0).random(len(pair[0]))
    found = metrics(Predictions(losses, predicted=pair[1], true=pair[0]), CLASSES)
    macro = {"labels": range(CLASSES), "average": "macro", "zero_division": 0}
    assert found == pytest.approx(
        {
            "loss": losses.mean(),
            "accuracy": sklearn_metrics.accuracy_score(*pair),
            "precision": sklearn_metrics.precision_score(*pair, **macro),
            "recall": sklearn_metrics.recall_score(*pair, **macro),
        },
        rel=1e-14,
    )


def test_confusion_matrix_is_that_of_scikit_learn(pair):
    found = confusion_matrix(*pair, CLASSES)
    expected = sklearn_metrics.confusion_matrix(*pair, labels=range(CLASSES))
    np.testing.assert_array_equal(found, expected)
    assert found.dtype == np.int32


def test_without_classes_there_is_only_a_loss():
    assert metrics(Predictions(np.array([1.0, 2.0], np.float32)), 0) == {"loss": 1.5}


def test_the_mean_is_taken_in_double_precision():
    losses = np.full(100_001, 0.1, np.float32)
    found = metrics(Predictions(losses), 0)["loss"]
    assert found == pytest.approx(float(np.float32(0.1)), rel=1e-12)

"""`paribus check-gradients`: what it prints, how it ends, what it says of wrong input."""

import json

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pytest

from paribus.cli.gradients import any_wrong, gradient_rows, show_gradients
from paribus.probes.gradient_check import check_gradient
from paribus.study.gradients import ConditionCheck
from study.example_study import tiny_file

ROW = {
    *("condition", "layer", "relative_error", "rounding"),
    *("checked", "excluded", "parameters", "verdict", "worst"),
}


def test_it_prints_a_row_for_each_condition_and_layer(paribus, tmp_path):
    said = paribus("check-gradients", tiny_file(tmp_path), "--only", "learning_rate=low,high")
    assert said.code == 0, said.err
    lines = said.out.splitlines()
    assert lines[0].split()[:3] == ["learning_rate", "layer", "relative"]
    assert [line.split()[:2] for line in lines[1:7]] == [
        [label, layer] for label in ("low", "high") for layer in ("1", "2", "all")
    ]
    assert all(line.rstrip().endswith("right") for line in lines[1:7])
    assert "relative error: ||g - n|| / (||g|| + ||n||)" in said.out
    assert lines[-1] == "4 of 4 layers right"


def test_json(paribus, tmp_path):
    words = ("--set", "model.hidden=[4,3]", "--only", "learning_rate=mid", "--json")
    said = paribus("check-gradients", tiny_file(tmp_path), *words)
    assert said.code == 0, said.err
    (line,) = said.out.splitlines()
    rows = json.loads(line)
    assert [row["layer"] for row in rows] == ["1", "2", "3", "all"]
    for row in rows:
        assert set(row) == ROW
        assert row["condition"] == {"learning_rate": "mid"}
        assert row["relative_error"] < 1e-7
        assert row["verdict"] == "right"
    assert [row["parameters"] for row in rows] == [260, 15, 40, 315]


class Two(eqx.Module):
    first: eqx.Module
    second: eqx.Module


class Line(eqx.Module):
    weight: np.ndarray


def rows_of(scale):
    """Two layers, the gradient of the second multiplied by `scale`."""

    def loss(two):
        return jnp.sum(two.first.weight**2) + jnp.sum(jnp.sin(two.second.weight))

    def gradient(two):
        found = eqx.filter_grad(loss)(two)
        return eqx.tree_at(lambda two: two.second.weight, found, replace_fn=lambda g: scale * g)

    two = Two(Line(np.ones(2)), Line(np.ones(3)))
    return gradient_rows(
        [ConditionCheck({"arm": "x"}, check_gradient(loss, two, gradient=gradient))]
    )


@pytest.mark.parametrize(("scale", "wrong"), [(1.0, False), (1.001, True), (jnp.nan, True)])
def test_a_wrong_layer_is_named(scale, wrong, capsys):
    rows = rows_of(scale)
    assert any_wrong(rows) == wrong
    show_gradients(rows)
    out = capsys.readouterr().out
    assert ("wrong: arm=x: layer 2, furthest off at weight[" in out) == wrong
    assert "wrong: arm=x: layer 1" not in out
    assert out.splitlines()[-1] == f"{2 - wrong} of 2 layers right"
    json.dumps(rows, allow_nan=False)


WRONG = {
    "unknown study": (
        ["actvations"],
        ["no study named 'actvations'; did you mean 'activations'"],
    ),
    "no study": ([], ["Missing argument", "STUDY"]),
    "unknown scale": (["activations", "--scale", "ful"], ["no scale of study 'activations'"]),
    "unknown field": (
        ["activations", "--set", "optimzer.learning_rate=0.1"],
        ["unknown field 'optimzer'; did you mean 'optimizer'?"],
    ),
    "unknown level": (
        ["activations", "--only", "activation=tan"],
        ["no level of factor 'activation' named 'tan'; did you mean 'tanh'?"],
    ),
    "unknown option": (["activations", "--replicates", "2"], ["No such option"]),
    "no such file": (["none.py"], ["there is no such file"]),
    "missing data": (
        ["fashion-architectures", "--scale", "full", "--data-dir", "{empty}"],
        ["Fashion-MNIST is not here: 4 of 4 files missing"],
    ),
    "loss that is not finite": (
        ["{tiny}", "--only", "learning_rate=low", "--set", "penalties.l2=1e308"],
        ["learning_rate=low: the loss is inf at these weights", "where the loss is finite"],
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_is_told_in_one_message(paribus, tmp_path, name):
    words, expected = WRONG[name]
    places = {"empty": tmp_path, "tiny": tiny_file(tmp_path)}
    said = paribus("check-gradients", *(word.format(**places) for word in words))
    assert said.code == 2, said.out
    assert said.out == ""
    assert "Traceback" not in said.err
    for text in expected:
        assert text in said.err

"""Learning-rate schedules, step by step, against PyTorch's own and against plain formulas."""

import math

import jax
import numpy as np
import pytest

from paribus.errors import DeclarationError
from paribus.optimizers import Constant, Cosine, StepDecay
from paribus.optimizers.schedules import rate_factor

STEPS, EPOCHS = 5, 8
TOTAL = STEPS * EPOCHS


def factors(schedule, epochs=EPOCHS):
    with jax.enable_x64(True):
        course = [
            rate_factor(schedule, np.int32(step), STEPS, epochs) for step in range(STEPS * epochs)
        ]
        return np.asarray(course, np.float64)


def torch_factors(make):
    torch = pytest.importorskip("torch", reason="compares with torch.optim.lr_scheduler")
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    scheduler = make(torch.optim.lr_scheduler, optimizer)
    found = []
    for _ in range(TOTAL):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return np.array(found)


@pytest.mark.parametrize(
    ("schedule", "make"),
    [
        (StepDecay(every=3, factor=0.3), lambda s, o: s.StepLR(o, 3 * STEPS, 0.3)),
        (Cosine(), lambda s, o: s.CosineAnnealingLR(o, TOTAL)),
        (Cosine(final=0.2), lambda s, o: s.CosineAnnealingLR(o, TOTAL, eta_min=0.2)),
        (Constant(warmup=2.0), lambda s, o: s.LinearLR(o, 0.1, 1.0, total_iters=9)),
    ],
)
def test_a_schedule_is_pytorchs(schedule, make):
    np.testing.assert_allclose(factors(schedule), torch_factors(make), rtol=1e-12, atol=1e-15)


def test_a_constant_rate_costs_nothing():
    assert rate_factor(Constant(), np.int32(3), STEPS, EPOCHS) == 1.0


@pytest.mark.parametrize("schedule", [Constant, StepDecay, Cosine])
def test_warm_up_rises_and_the_course_starts_where_it_ends(schedule):
    fields = {"every": 2} if schedule is StepDecay else {}
    found = factors(schedule(warmup=1.4, **fields))
    np.testing.assert_allclose(found[:7], np.arange(1, 8) / 7, rtol=1e-15)
    assert found[7] == 1.0
    if schedule is Cosine:
        course = [(1 + math.cos(math.pi * i / (TOTAL - 7))) / 2 for i in range(TOTAL - 7)]
        np.testing.assert_allclose(found[7:], course, rtol=1e-12)
    else:
        tail = 0.1 ** (np.arange(TOTAL - 7) // 10) if schedule is StepDecay else 1.0
        np.testing.assert_allclose(found[7:], np.broadcast_to(tail, TOTAL - 7), rtol=1e-15)


def test_a_warm_up_longer_than_the_training_only_rises():
    np.testing.assert_allclose(
        factors(Cosine(warmup=4.0), epochs=2), np.arange(1, 11) / 20, rtol=1e-15
    )


def test_single_precision_stays_single():
    found = rate_factor(Cosine(warmup=1.0), np.int32(9), STEPS, EPOCHS)
    assert (np.float32(0.1) * found).dtype == np.float32


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: StepDecay(every=0), "every: got 0; should be greater than 0"),
        (lambda: StepDecay(every=1, factor=1.5), "factor: got 1.5; should be less than or equal"),
        (lambda: Cosine(final=-0.1), "final: got -0.1; should be greater than or equal"),
        (lambda: Constant(warmup=-1.0), "warmup: got -1.0; should be greater than or equal"),
        (lambda: Constant(warmup=math.inf), "warmup: got inf; should be a finite number"),
    ],
)
def test_faults(make, message):
    with pytest.raises(DeclarationError) as caught:
        make()
    assert message in str(caught.value)

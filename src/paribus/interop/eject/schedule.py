"""The course of the learning rate: as PyTorch's schedulers, or as a function of the step."""

from collections.abc import Sequence
from dataclasses import dataclass

from paribus.interop.eject.lines import call
from paribus.optimizers.schedules import Constant, Cosine, StepDecay
from paribus.training.recipe import Recipe

Setting = tuple[str, str, str]
"""A constant of the script: its name, its value as Python writes it, and a remark or nothing."""

_SCHEDULERS = "scheduler = torch.optim.lr_scheduler."


@dataclass(frozen=True)
class ScheduleText:
    """What a script needs for its learning rate.

    `made` makes the scheduler, which goes on after every "step" or "epoch" (`each`). With warm-up
    the factor on the rate is a function of the step, `told` in words, with this `body`.
    """

    made: Sequence[str] = ()
    each: str = ""
    settings: Sequence[Setting] = ()
    told: str = ""
    body: Sequence[str] = ()

    @property
    def needs_math(self) -> bool:
        """Whether the function uses the module `math`."""
        return any("math." in line for line in self.body)


def schedule_text(recipe: Recipe) -> ScheduleText:
    """What the script of a recipe needs for its learning rate; nothing for a constant one."""
    schedule = recipe.optimizer.schedule
    if round(schedule.warmup * recipe.steps_per_epoch):
        return _warming_up(recipe)
    match schedule:
        case Constant():
            return ScheduleText()
        case StepDecay(every=every, factor=factor):
            arguments = ["optimizer", f"step_size={every}", f"gamma={factor!r}"]
            return ScheduleText(call(f"{_SCHEDULERS}StepLR", arguments, 4), "epoch")
        case Cosine(final=final):
            arguments = ["optimizer", "T_max=TOTAL_STEPS"]
            if final:
                arguments.append(f"eta_min={final!r} * LEARNING_RATE")
            made = call(f"{_SCHEDULERS}CosineAnnealingLR", arguments, 4)
            return ScheduleText(made, "step", [_total_steps(recipe)])


def _warming_up(recipe: Recipe) -> ScheduleText:
    schedule, per_epoch = recipe.optimizer.schedule, recipe.steps_per_epoch
    warmup = round(schedule.warmup * per_epoch)
    settings = [("WARMUP_STEPS", f"{warmup}", f"{schedule.warmup:g} epochs")]
    told = "The factor on the learning rate: a linear rise"
    rise = "(step + 1) / WARMUP_STEPS"
    body = ["if step < WARMUP_STEPS:", f"    return {rise}"]
    if warmup >= recipe.epochs * per_epoch:
        told, body = f"{told} that lasts to the end.", [f"return {rise}"]
    elif isinstance(schedule, StepDecay):
        settings.append(
            ("DECAY_STEPS", f"{schedule.every * per_epoch}", f"{schedule.every} epochs")
        )
        told += ", then a decay in steps."
        power = "((step - WARMUP_STEPS) // DECAY_STEPS)"
        body.append(f"return {schedule.factor!r} ** {power}")
    elif isinstance(schedule, Cosine):
        settings.append(_total_steps(recipe))
        told += ", then half a cosine."
        body.append("progress = (step - WARMUP_STEPS) / (TOTAL_STEPS - WARMUP_STEPS)")
        body.append(f"return {_cosine(schedule.final)}")
    else:
        told, body = f"{told} to 1.", [f"return min(1.0, {rise})"]
    made = call(f"{_SCHEDULERS}LambdaLR", ["optimizer", "learning_rate_factor"], 4)
    return ScheduleText(made, "step", settings, told, body)


def _cosine(final: float) -> str:
    half = "(1 + math.cos(math.pi * progress)) / 2"
    return f"{final!r} + (1 - {final!r}) * {half}" if final else half


def _total_steps(recipe: Recipe) -> Setting:
    steps = recipe.epochs * recipe.steps_per_epoch
    return "TOTAL_STEPS", f"{steps}", f"{recipe.epochs} epochs of {recipe.steps_per_epoch}"

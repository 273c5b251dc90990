"""Declarations of studies to test with: sound ones, and ones of anything that can be typed.

Sound parts are small, so that a plan of them takes milliseconds; nothing here is trained.
"""

from hypothesis import strategies as st

from paribus import Factor, Recipe, claims, data, models, optimizers, probes
from study.example_study import tiny_recipe

RATE = "optimizer.learning_rate"

NASTY = (
    "<script>alert(1)</script>",
    "'; DROP TABLE runs; --",
    "../../x",
    "/etc/x",
    "a\x00b",
    "a\nb",
    "$(rm)",
    "{{7*7}}",
    "%s",
    "\\input{x}",
    "=cmd()",
    "[red]x[/red]",
    "\x1b[31mred",
    "\u202eabc",
    "x" * 10_000,
    "\U0001f980",
    "\ud800",
    "",
    " ",
    "epoch",
    "a=b,c",
)
"""Texts that try to be something else."""

texts = st.sampled_from(NASTY) | st.text(max_size=8)
"""Any text, unpaired surrogates included."""

EXTREMES = (0, -1, 1, 2, 2**31, 2**63, -(2**63), 2**64, 10**400)
numbers = (
    st.integers()
    | st.sampled_from(EXTREMES)
    | st.floats()
    | st.sampled_from((5e-324, 1e-300, 1e300, -0.0))
    | st.builds(lambda: 10**5000)  # of more digits than Python writes
)
scalars = st.none() | st.booleans() | numbers | texts | st.binary(max_size=3)
oddities = st.sampled_from((object(), ..., {1, 2}, 1j, int, Factor, models.MLP(), data.Digits()))
anything = st.recursive(
    scalars | oddities,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(texts | st.integers() | st.none(), inner, max_size=3)
    ),
    max_leaves=5,
)
"""Whatever a study file may hold in the place of what belongs there."""

paths = (
    st.sampled_from(
        (
            RATE,
            "optimizer",
            "model",
            "model.hidden",
            "model.activation",
            "data.validation",
            "data.normalization.mean",
            "epochs",
            "batch_size",
            "evaluate",
            "early_stopping",
            "early_stopping.patience",
            "loss",
            "loss_threshold",
            "optimizer.kind",
            "augmentation",
            "augmentation.0",
            "..",
            ".epochs",
            "epochs.",
        )
    )
    | texts
)


@st.composite
def recipes(draw) -> Recipe:
    """Sound recipes."""
    kind = draw(st.sampled_from((optimizers.SGD, optimizers.Adam, optimizers.AdamW)))
    return tiny_recipe(
        data=data.Digits(validation=draw(st.sampled_from((0, 300)))),
        model=models.MLP(
            hidden=tuple(draw(st.lists(st.integers(1, 9), max_size=3))),
            activation=draw(st.sampled_from(("relu", "tanh", "gelu"))),
            dropout=draw(st.sampled_from((0.0, 0.5))),
        ),
        optimizer=kind(learning_rate=draw(st.floats(1e-6, 1))),
        batch_size=draw(st.integers(1, 2000)),
        epochs=draw(st.integers(1, 50)),
    )


levels_by_path = {
    RATE: st.floats(1e-6, 1),
    "model.hidden": st.lists(st.integers(1, 9), max_size=3).map(tuple),
    "epochs": st.integers(1, 50),
    "batch_size": st.integers(1, 2000),
    "model.activation": st.sampled_from(("relu", "tanh", "gelu", "silu")),
}
"""Values that a field may have."""


@st.composite
def sound_factors(draw, path: str) -> Factor:
    """Factors of one field, with labels that may be any text."""
    labels = draw(st.lists(texts.filter(is_sound), min_size=1, max_size=3, unique=True))
    levels = {label: draw(levels_by_path[path]) for label in labels}
    return Factor(path, levels, name=f"of {path}")


def is_sound(label: str) -> bool:
    """Whether a level may have this label."""
    return bool(label.strip()) and label.isprintable() and len(label) <= 100


@st.composite
def sound_fields(draw) -> dict:
    """The fields of a sound study."""
    chosen = draw(st.lists(st.sampled_from(tuple(levels_by_path)), max_size=2, unique=True))
    return {
        "name": draw(st.from_regex(r"[a-z0-9][a-z0-9_-]{0,20}", fullmatch=True)),
        "question": draw(texts),
        "recipe": draw(recipes()),
        "factors": tuple(draw(sound_factors(path)) for path in chosen),
        "replicates": draw(st.integers(1, 3)),
        "design": draw(st.sampled_from(("factorial", "one at a time"))),
        "notes": tuple(draw(st.lists(texts, max_size=2))),
    }


wild_factors = st.builds(
    Factor,
    path=paths | anything,
    levels=st.dictionaries(texts, anything, max_size=3) | anything,
    name=texts | anything,
    about=st.just(()) | anything,
)
"""Factors of anything; making one may raise `DeclarationError`."""

wild_claims = st.one_of(
    st.builds(claims.Better, anything | st.just("test/accuracy"), anything, anything),
    st.builds(claims.Above, anything | st.just("test/loss"), anything),
    st.builds(claims.Order, anything, st.lists(anything, max_size=3)),
)
wild_probes = st.builds(probes.GradientNorm, when=st.builds(probes.Every, anything) | anything)

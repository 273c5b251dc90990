"""Does a wider network recognize handwritten digits better?

This file is a study: it says what is trained, which one thing varies, and what is expected.
Everything else is held equal. From the folder of this file:

    paribus plan my-study.py     what it would train, and how long that takes
    paribus run my-study.py      trains it; prints a table and verdicts, and writes a report

Whatever is misspelt or cannot be is refused before anything is trained. Runs that are finished
are kept in the folder `paribus-lab`: change something, run it again, and only what is new is
trained.
"""

from paribus import Factor, Recipe, Scale, Study, claims, data, models, optimizers, probes

STUDY = Study(
    # The study is known by its name in the lab. The question heads the report.
    name="my-study",
    question="Does a wider network recognize handwritten digits better?",
    # One training, in full. What is not said here has a default, which the report shows.
    recipe=Recipe(
        # 1,797 images of 8 x 8 pixels that come with Paribus; 200 of them are kept aside, so
        # that choices can be made without looking at the test images.
        data=data.Digits(validation=200),
        # One hidden layer. `hidden=(64, 64)` has two.
        model=models.MLP(hidden=(32,), activation="relu"),
        # Others: optimizers.SGD(learning_rate=0.1, momentum=0.9), optimizers.AdamW(...)
        optimizer=optimizers.Adam(learning_rate=1e-3),
        batch_size=32,
        epochs=20,
    ),
    # What varies: a field of the recipe by its path, and a label for each of its values. With a
    # second factor, say Factor("optimizer.learning_rate", [1e-3, 1e-2]), every combination is
    # trained.
    factors=[
        Factor("model.hidden", {"narrow": (4,), "medium": (32,), "wide": (256,)}, name="width"),
    ],
    # How often each condition is trained, every time with other initial weights and another
    # order of the images, which all conditions of one replicate share. Below about five, an
    # interval says little.
    replicates=5,
    # What is measured besides loss and accuracy: here the size of each layer's gradient.
    probes=[probes.GradientNorm()],
    # What you expect, written down before it is trained. Each claim is tested and gets a
    # verdict: supported, refuted, undecided or not testable.
    claims=[
        claims.Better("test/accuracy", "wide", "narrow", margin=0.01),  # by a point or more
        claims.Equal("test/accuracy", "wide", "medium", margin=0.01),  # to within a point
        claims.Learns("narrow"),  # its training loss leaves that of guessing
    ],
    # Variants. The first is taken unless `--scale` names another: `--scale full`.
    scales={
        "demo": Scale(set={"epochs": 5}),
        "full": Scale(),
    },
    # What a reader of the report should know.
    notes=["The images are small, and easily told apart: do not take this for a general rule."],
)

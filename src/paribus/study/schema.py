"""The JSON Schema of a study, by which an editor completes and checks a study file in JSON.

Types, bounds and alternatives come from the declarations themselves. What each field means is said
here once for those of a study and of a recipe, where a reader of a file meets them.
"""

from collections.abc import Mapping
from typing import Any

from paribus.study.study import Study

DIALECT = "https://json-schema.org/draft/2020-12/schema"

MEANINGS: Mapping[str, Mapping[str, str]] = {
    "Study": {
        "name": "What the lab knows the study by: small letters, digits, - and _.",
        "question": "What the study asks, in one sentence; it heads the report.",
        "recipe": "One training, in full; factors and scales change fields of it.",
        "factors": "What is varied. Without factors the recipe alone is trained.",
        "replicates": "How often each condition is trained; or several increasing numbers, the "
        "looks at which claims are judged.",
        "design": "Every combination of levels, one factor at a time, or a design that chooses "
        "its runs as it goes.",
        "probes": "What is measured of each run beside loss and accuracy.",
        "analyses": "What is computed of several runs together.",
        "claims": "What is expected; each is tested and gets a verdict.",
        "figures": "What the report shows; without them, what the measurements allow.",
        "scales": "Variants by name; the first is the default.",
        "description": "A paragraph for readers of the report.",
        "source": "Where the experiment comes from.",
        "report": "The report that the experiment is of, by its letter.",
        "reported": "Numbers that the source printed, shown beside those measured.",
        "notes": "Remarks for readers of the report.",
        "acknowledged": "Reasons for confounds that are meant, by the field that differs.",
        "trainer": "Cannot be given in JSON: a trainer of one's own is Python.",
    },
    "Scale": {
        "set": 'Recipe fields by dotted path, such as "epochs" or "data.validation".',
        "only": "Levels to keep, as lists of labels by factor.",
        "factors": "In place of the study's.",
        "replicates": "In place of the study's.",
        "reported": "Numbers that the source printed for this scale.",
    },
    "WrittenFactor": {
        "path": "The recipe field that varies, by dotted path; or a name, if levels set several.",
        "levels": "Plain values, or values by label; an object sets fields by dotted path.",
        "name": "What the factor is called; default: the last part of the path.",
        "about": "The fields that it is about, where its levels set others besides.",
    },
    "Recipe": {
        "data": "What is trained on, and how many examples are held out for validation.",
        "model": "The network.",
        "optimizer": "The update rule, with its learning rate.",
        "batch_size": "Examples per step; more than there are means full batches.",
        "epochs": "Passes over the training examples.",
        "loss": "What is minimized.",
        "penalties": "Terms added to the loss, over weights.",
        "augmentation": "Random changes of training images, in order.",
        "initialization": "How weights and biases begin.",
        "evaluate": 'Measure the splits after every so many epochs, or only at the "end".',
        "evaluate_train": "How many training examples are measured, at most.",
        "early_stopping": "When to stop before the last epoch.",
        "warm_start": "Begin with the network that another batch size gives.",
        "second_phase": "What follows training: descent on the norm of the gradient.",
        "loss_threshold": "Stop after the first epoch whose batch/loss is at or below it.",
        "precision": "Of all numbers in training.",
        "matmul_precision": "Of matrix products, on accelerators.",
    },
    "Reported": {
        "metric": 'Such as "test/accuracy".',
        "values": "In the metric's own unit (88 % is 0.88), by label of the condition.",
        "source": "Where they are printed.",
    },
}
"""What each field means, by the name of its declaration."""


def study_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a study file in JSON."""
    schema: dict[str, Any] = {"$schema": DIALECT} | Study.model_json_schema()
    own = {"type": "string", "description": "The schema that an editor checks this file by."}
    schema["properties"] = {"$schema": own} | schema["properties"]
    for name, meanings in MEANINGS.items():
        declared = schema if name == "Study" else schema["$defs"][name]
        for field, properties in declared["properties"].items():
            if field in meanings:
                properties["description"] = meanings[field]
    for declared in schema["$defs"].values():
        # In Python a class has its kind; in a file it is what tells the class.
        if "const" in declared.get("properties", {}).get("kind", {}):
            declared["required"] = ["kind", *declared.get("required", ())]
    return schema

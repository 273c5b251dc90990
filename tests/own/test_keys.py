"""Runs without parts of one's own are known by the keys that they had before there were any."""

import pytest

from paribus import studies
from paribus.spec import digest
from paribus.study.plan import keys_of

NUMERICS = 2
"""The number of the arithmetic that the keys below were made with."""

KEYS = {
    "activations/demo": "198fc4fd03f2628178b9a90db4f9a20f",
    "regularization/full": "17ce7cc63fa43170ad48afffb0a834dc",
    "fashion-architectures/full": "1919a4ecc761f60c33abf72d26823d55",
    "loss-equivalence/full": "15c7a91c339848d731e69c8fa6c8c75f",
    "function-fitting/full": "f446663091b4e21089fd336533edfabf",
    "gradient-norm/full": "68516462677ef432f1ea9a3f9b489f13",
    "random-labels/full": "c420e6c843fe688b31273bf3c0d2076d",
    "batch-size/full": "1dfa825420db34ab9a2c69077f101033",
}
"""The first digits of the digest of the keys of all conditions, replicate 0, of a study."""

PROBES = {
    "activations/demo": "d7418dcfc6b91d8151176c837aa50c4c",
    "regularization/full": "4f53cda18c2baa0c0354bb5f9a3ecbe5",
    "fashion-architectures/full": "4f53cda18c2baa0c0354bb5f9a3ecbe5",
    "loss-equivalence/full": "4f53cda18c2baa0c0354bb5f9a3ecbe5",
    "function-fitting/full": "37fd7375508a052f4f12073fe5579a1c",
    "gradient-norm/full": "dba91a09400e482640c1b5d8c6ea4c17",
    "random-labels/full": "4f53cda18c2baa0c0354bb5f9a3ecbe5",
    "batch-size/full": "4f53cda18c2baa0c0354bb5f9a3ecbe5",
}
"""The first digits of the digest of the identities of a study's probes."""


@pytest.mark.parametrize("name", KEYS)
def test_keys_are_as_they_were(name):
    study, _, scale = name.partition("/")
    found = [
        keys_of(recipe.as_json(), [0], "0" * 64, {"numerics": NUMERICS})[0]
        for _, recipe in studies.named(study).at(scale).resolved()
    ]
    assert digest(found).startswith(KEYS[name])


@pytest.mark.parametrize("name", PROBES)
def test_identities_of_probes_are_as_they_were(name):
    study = studies.named(name.partition("/")[0])
    found = digest([probe.identity for probe in study.probes])
    assert found.startswith(PROBES[name])

"""Documents damaged at random end in words, and no file of others is touched.

`SWEEP_FUZZ_INPUTS=20000` runs more of them; `mutations.py` runs as many as it is told.
"""

from __future__ import annotations

import os

import pytest
from damaged_documents import KINDS, Sound

N_INPUTS = int(os.environ.get("SWEEP_FUZZ_INPUTS", "160"))
#: Those on a folder take longest.
SHARES = {"configurations": 4, "cases": 4, "manifests": 32, "receipts": 32}


@pytest.mark.parametrize("kind", KINDS)
def test_damage_ends_in_words(tmp_path, plain_input, plain_result, kind):
    sound = Sound(plain_input, plain_result.output)
    endings = {KINDS[kind](seed, tmp_path, sound) for seed in range(N_INPUTS // SHARES[kind])}
    assert len(endings) > 1

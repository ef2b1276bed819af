"""Cases for tests: our own, the vectors beside the checkout, and a small one to break."""

from __future__ import annotations

import copy
import json
from pathlib import Path

OWN = sorted((Path(__file__).parent / "cases").glob("*.json"))
VECTORS = Path(__file__).parents[2] / ".." / "shared" / "data" / "centre_point_vectors.json"

_SMALL = {
    "id": "small",
    "tick": 10,
    "nbbo": [{"t": 0, "bid": 3330, "offer": 3340}, {"t": 2, "bid": 3330, "offer": 3350}],
    "session": [{"t": 0, "state": "OPEN"}],
    "resting": [{"id": 1, "side": "buy", "quantity": 100, "price": 3340, "type": 4096}],
    "events": [
        {
            "t": 1,
            "event": "new",
            "order": {"id": 2, "side": "sell", "quantity": 40, "price": 3330, "type": 64},
        },
        {"t": 3, "event": "amend", "id": 1, "changes": {"quantity": 90}},
        {"t": 4, "event": "cancel", "id": 1},
    ],
    "config": {"preferencing": [1], "block_min_value": 1000000},
    "expected": {"trades": [[1, 2, 40, 6670, 47]]},
}


def small_case(**changes):
    """A correct case: a buy is partly filled, amended, cancelled; members can be replaced."""
    return copy.deepcopy(_SMALL) | changes


def write(folder, value):
    """A case file."""
    path = folder / "case.json"
    path.write_text(value if isinstance(value, str) else json.dumps(value), encoding="utf-8")
    return path

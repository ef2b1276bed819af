"""What the stages of a run are called and how they are numbered, wherever they are told of."""

from __future__ import annotations

#: Of the time-priority model, the first is number 1. Stages 1, 2, 4 and 5 are ingest.
STAGES = (
    "extract orders",
    "extract trades",
    "aggregate trades",
    "extract NBBO",
    "extract reference data",
    "order states",
    "execution times",
    "simulate sweep matching",
    "simulated metrics",
    "classify order groups",
    "compare real with simulated",
)

#: Number of the stage that reads a table; session, reference and participants are one.
STAGE_OF_TABLE = {
    "orders": 1,
    "trades": 2,
    "nbbo": 4,
    "session": 5,
    "reference": 5,
    "participants": 5,
}

PLAN = "look at the input"
WORKERS = "start workers"
COMPILE = "compile the Centre Point book"
TABLES = "combine tables"
ROLLUPS = "roll up sweeps"
REPORT = "draw the report"
REPLAY = "replay partitions"
PARTITIONS = "run partitions"


def numbered(stage: int) -> str:
    """`[8/11] simulate sweep matching`."""
    return f"[{stage}/{len(STAGES)}] {STAGES[stage - 1]}"


#: Of ingest, by table.
INGEST = {table: numbered(stage) for table, stage in STAGE_OF_TABLE.items()}

"""What the stages of a run are called."""

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

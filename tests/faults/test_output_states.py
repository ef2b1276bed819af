"""Whatever is done to an output folder, in whatever order: results are right and nothing is lost.

Hypothesis chooses what is done - runs, deaths, changes of the input, damage, files of the user -
and a small model says what must then be there. SWEEP_STATE_EXAMPLES and SWEEP_STATE_STEPS make it
go further than the suite does.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from tempfile import mkdtemp

import pytest
from faults.deaths import POINTS, dies
from faults.output_model import (
    BESIDE,
    BETWEEN,
    DATES,
    FIRST,
    LAST,
    SELECTIONS,
    Input,
    fresh_results,
    of_all,
    of_dates,
    rejects,
)
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from running import result_files, run_here

from sweep_dask.errors import InputError, UsageError
from sweep_dask.storage.layout import OutputLayout
from sweep_dask.storage.manifest import read_manifest
from sweep_dask.study.rebuild import forget, rebuild_report
from sweep_dask.study.verify import verify_output

EXAMPLES = int(os.environ.get("SWEEP_STATE_EXAMPLES", "3"))
STEPS = int(os.environ.get("SWEEP_STATE_STEPS", "8"))

of_selections = st.sampled_from(sorted(SELECTIONS))
of_some_dates = st.sampled_from([DATES, *((date,) for date in DATES)])


class OutputFolder(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.folder = Path(mkdtemp(prefix="states-"))
        self.layout = OutputLayout(self.folder / "output")
        self.input = Input()
        self.foreign = {}
        self.damaged = set()
        #: Date to the input and the selection that its results are of; none of it is in doubt.
        self.held = {}
        self.is_done = False

    def teardown(self):
        shutil.rmtree(self.folder)

    # --- what the model knows ---

    @property
    def manifest(self):
        return read_manifest(self.layout) if self.layout.manifest.exists() else None

    def results(self):
        return {n: d for n, d in result_files(self.layout.root).items() if n not in self.foreign}

    def run(self, dates, selection, **more):
        self.input.write(self.folder / "input")
        return run_here(
            self.folder / "input",
            self.layout.root,
            enable_parallel=False,
            dates=",".join(dates),
            max_bad_fraction=1,
            **SELECTIONS[selection],
            **more,
        )

    # --- the input ---

    @rule()
    def add_a_day(self):
        self.input = self.input._replace(dates=DATES)

    @rule(date=st.sampled_from(DATES))
    def change_a_row(self, date):
        self.input = self.input._replace(changed=self.input.changed ^ {date})

    @rule()
    def change_sessions(self):
        self.input = self.input._replace(sessions=not self.input.sessions)

    @rule()
    def break_a_row(self):
        self.input = self.input._replace(broken=not self.input.broken)

    # --- commands ---

    @rule(wanted=of_some_dates, selection=of_selections, fresh=st.booleans())
    def run_to_the_end(self, wanted, selection, fresh):
        dates = tuple(date for date in wanted if date in self.input.dates)
        if not dates:
            return
        others = self.partitions_besides(dates)
        assert self.run(dates, selection, fresh=fresh).exit_code == 0
        self.note_done(dates, selection)
        self.require_equal_to_fresh(dates, selection)
        self.require_besides(others, dates)
        self.require_tidy()

    @rule(
        wanted=of_some_dates,
        selection=of_selections,
        point=st.sampled_from(sorted(POINTS)),
        call=st.integers(1, 5) | st.integers(1, 40),
    )
    def run_and_die(self, wanted, selection, point, call):
        dates = tuple(date for date in wanted if date in self.input.dates)
        if not dates:
            return
        others = self.partitions_besides(dates)
        if not dies(lambda: self.run(dates, selection), point, call):
            self.note_done(dates, selection)
            self.require_equal_to_fresh(dates, selection)
        elif self.manifest is not None and self.manifest["status"] == "running":
            self.is_done = False
            self.held = {date: it for date, it in self.held.items() if date not in dates}
        else:
            # Before anything was announced, so nothing was changed.
            assert (point, call) == ("a manifest is written", 1)
        self.require_besides(others, dates)

    @precondition(lambda self: self.manifest is not None)
    @rule(date=st.sampled_from(DATES))
    def forget(self, date):
        others = self.partitions_besides([date])
        entries = {p["date"] for p in self.manifest["partitions"]}
        try:
            forget(self.layout, [date], [])
        except UsageError:
            assert date not in self.held
            return
        assert date in entries or not self.is_done
        # A run that died before it put anything in place leaves what was there as it was.
        self.is_done = self.manifest["status"] == "done"
        self.held.pop(date, None)
        self.damaged -= of_dates(dict.fromkeys(self.damaged), [date]).keys()
        assert not of_dates(self.results(), [date])
        self.require_besides(others, [date])

    @precondition(lambda self: self.is_done)
    @rule()
    def report(self):
        try:
            rebuild_report(self.layout)
        except InputError:
            assert any(name.startswith("tables/") for name in self.damaged)
        else:
            self.damaged.discard("report.html")

    @precondition(lambda self: self.manifest is not None)
    @rule()
    def verify(self):
        found = {finding.where for finding in verify_output(self.layout)[1]}
        between = {name for name in self.foreign if name not in BESIDE}
        assert self.damaged <= found
        if not self.is_done:
            assert "manifest.json" in found
        elif not self.damaged:
            assert found == between, verify_output(self.layout)[1]

    # --- what others do ---

    @precondition(lambda self: self.manifest is not None)
    @rule(data=st.data(), how=st.sampled_from(["cut", "flip", "delete"]))
    def damage(self, data, how):
        listed = self.manifest["files"]
        names = sorted(n for n in listed if (self.layout.root / n).is_file())
        if not names or not self.is_done:
            return
        self.damage_file(data.draw(st.sampled_from(names)), how)

    def damage_file(self, name, how):
        path = self.layout.root / name
        body = path.read_bytes()
        if how == "delete":
            path.unlink()
        else:
            middle = len(body) // 2
            flipped = bytes([body[middle] ^ 1]) + body[middle + 1 :]
            path.write_bytes(body[:middle] + (flipped if how == "flip" else b""))
        self.damaged.add(name)

    @rule(data=st.data())
    def plant(self, data):
        names = BESIDE if self.manifest is None else (*BESIDE, *BETWEEN)
        self.plant_file(data.draw(st.sampled_from(names)))

    def plant_file(self, name):
        path = self.layout.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"mine: {name}")
        self.foreign[name] = path.read_bytes()

    # --- what must be ---

    @invariant()
    def nothing_foreign_is_touched(self):
        for name, body in self.foreign.items():
            assert (self.layout.root / name).read_bytes() == body

    @invariant()
    def ledgers_balance(self):
        manifest = self.manifest or {"ledger": []}
        for run in (manifest, *manifest.get("earlier_runs", ())):
            for entry in run["ledger"]:
                aside = sum((*entry["filtered"].values(), *entry["rejected"].values()))
                assert entry["read"] == entry["kept"] + aside

    def partitions_besides(self, dates):
        others = [date for date in self.held if date not in dates]
        return of_dates(self.results(), others)

    def require_besides(self, before, dates):
        """Results of other dates are what they were."""
        others = [date for date in self.held if date not in dates]
        assert of_dates(self.results(), others) == before

    def note_done(self, dates, selection):
        manifest = self.manifest
        assert manifest["status"] == "done"
        self.is_done = True
        entries = {p["date"]: p for p in manifest["partitions"]}
        assert self.held.keys() | set(dates) <= entries.keys()
        self.held |= dict.fromkeys(dates, (self.input, selection))
        others = [date for date in entries if date not in dates]
        self.damaged = set(of_dates(dict.fromkeys(self.damaged), others))

    def require_equal_to_fresh(self, dates, selection):
        found = self.results()
        fresh = fresh_results(self.input, dates, selection)
        assert of_dates(found, dates) == of_dates(fresh, dates)
        assert rejects(found) == rejects(fresh)
        covered = tuple(p["date"] for p in self.manifest["partitions"] if p["covered"])
        assert set(dates) <= set(covered)
        whole = {self.held.get(date) for date in covered} == {(self.input, selection)}
        if whole and not self.damaged:
            fresh = fresh_results(self.input, covered, selection)
            assert of_all(found) == of_all(fresh)

    def require_tidy(self):
        hidden = {path.name for path in self.layout.root.rglob(".*")}
        assert hidden <= {*self.foreign, ".lock"}


@pytest.mark.slow
class TestOutputFolder(OutputFolder.TestCase):
    """What hypothesis makes a test of."""

    settings = settings(
        max_examples=EXAMPLES,
        stateful_step_count=STEPS,
        derandomize=True,
        phases=(Phase.generate,) if EXAMPLES < 10 else (Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )


@pytest.mark.slow
@pytest.mark.parametrize("point", sorted(POINTS))
def test_a_death_at_each_point_amid_everything_that_is_done(point):
    state = OutputFolder()
    # Before the first manifest nothing is changed.
    call = 2 if point == "a manifest is written" else 1
    scenario, matching = sorted(SELECTIONS)
    for step in (
        lambda: state.plant_file(BESIDE[0]),
        lambda: state.run_to_the_end((FIRST,), scenario, fresh=False),
        state.add_a_day,
        state.break_a_row,
        lambda: state.run_and_die(DATES, matching, point, call),
        state.verify,
        *(lambda name=name: state.plant_file(name) for name in BETWEEN),
        lambda: state.run_to_the_end((LAST,), scenario, fresh=False),
        state.verify,
        lambda: state.change_a_row(LAST),
        lambda: state.run_and_die((LAST,), scenario, point, call),
        lambda: state.run_to_the_end(DATES, scenario, fresh=False),
        lambda: state.damage_file(
            f"tables/sweep_metrics.parquet/{FIRST}-0000000101.parquet", "flip"
        ),
        lambda: state.damage_file(f"processed/{LAST}/101/cp_orders_filtered.parquet", "cut"),
        state.verify,
        lambda: state.run_and_die(DATES, scenario, point, call),
        lambda: state.run_to_the_end(DATES, scenario, fresh=False),
        lambda: state.forget(FIRST),
        state.report,
        state.verify,
    ):
        step()
        state.nothing_foreign_is_touched()
        state.ledgers_balance()
    assert state.held.keys() == {LAST}
    state.teardown()

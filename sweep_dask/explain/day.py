"""Everything the output folder holds of one order on one trading date."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sweep_dask.analysis.centre_point.order_log import is_on_book
from sweep_dask.explain.files import (
    ORDER_ID,
    FoundFill,
    order_rows,
    scenario_fills,
    scenario_matches,
    tape_fills,
    time_priority_fills,
    values,
)
from sweep_dask.explain.reasons import scenario_rest, tape_rest, time_priority_rest
from sweep_dask.explain.records import (
    Arm,
    Fill,
    OrderDay,
    Rest,
    arrival,
    kind_of,
    known,
    looks_ns,
    message,
    terms,
)
from sweep_dask.market.order_codes import SWEEP
from sweep_dask.storage.tickers import tickers_in
from sweep_dask.terms.arms import CENTRE_POINT, SCENARIOS, TAPE, TIME_PRIORITY
from sweep_dask.terms.files import SWEEP_METRICS
from sweep_dask.terms.reasons import LEFT_OUT_REASONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pyarrow as pa

    from sweep_dask.explain.files import Files
    from sweep_dask.explain.records import Choice, Message, Terms
    from sweep_dask.storage.layout import Partition


#: Labels of `sweep_metrics` that are told elsewhere.
_LABELS = {"date", "security", "model", "scenario", "order_id", "unfilled_reason"}


#: Arms that say nothing where nobody recorded what really filled; the second adds to the first.
_OF_THE_TAPE = (TAPE, TIME_PRIORITY)
_UNTAPED = (
    "No trades of this date and security are known that tell dark from lit: what really filled is "
    "not known, and neither is what time priority adds to it."
)


def read_day(
    files: Files, partition: Partition, order_id: int, choice: Choice, notes: Iterable[str]
) -> OrderDay:
    """The order in one partition, in which it has rows, its sweeps measured under a choice.

    Raises
    ------
    InputError
        A file of the partition cannot be read.
    """
    return _Reader(files, partition, order_id).read(choice, tuple(notes))


class _Reader:
    """What the files of one partition say of one order."""

    def __init__(self, files: Files, partition: Partition, order_id: int) -> None:
        self._files, self._partition, self._order_id = files, partition, order_id
        layout = files.layout
        self._rows = order_rows(layout, partition)
        self._outputs = layout.outputs(*partition)
        self._book = layout.centre_point(*partition)
        table = files.rows(self._rows, ORDER_ID, (order_id,))
        rows, on_book = table.to_pylist(), is_on_book(table).tolist()
        self.messages: Sequence[Message] = tuple(
            message(row, is_on_book=stays) for row, stays in zip(rows, on_book, strict=True)
        )
        participant = rows[0].get("participantid")
        self.terms: Terms = terms(rows[0], self._name_of_participant(participant))
        # By arm, in the order of the file.
        self.measured = self._measured()
        self._tape = tape_fills(files, partition, order_id)

    def read(self, choice: Choice, notes: tuple[str, ...]) -> OrderDay:
        any_row = self.measured[0] if self.measured else None
        by_arm = self._sweep_fills() if self.measured else self._other_fills()
        contras = self._contras(fill.contra_order_id for fills in by_arm.values() for fill in fills)
        end_ns = any_row["end_ns"] if any_row else None
        fills = {
            name: tuple(_as_fill(fill, contras, end_ns) for fill in of_arm)
            for name, of_arm in by_arm.items()
        }
        is_affected = self._is_affected()
        date, security = self._partition
        return OrderDay(
            order_id=self._order_id,
            date=date,
            security=security,
            ticker=self._ticker(),
            is_sweep=bool(self.terms.order_type & SWEEP),
            is_measured=bool(self.measured),
            is_affected=is_affected,
            left_out=self._left_out(),
            terms=self.terms,
            arrival=arrival(self.messages[0], any_row),
            end_ns=end_ns,
            parent_id=any_row.get("parent_id") if any_row else None,
            messages=tuple(self.messages),
            arms=self._arms(fills, is_affected=bool(is_affected)),
            choice=choice,
            notes=notes if self._tape is not None else (*notes, _UNTAPED),
        )

    # --- fills ------------------------------------------------------------------------------------

    def _sweep_fills(self) -> dict[str, list[FoundFill]]:
        """Of a sweep, by arm."""
        real = self._tape or []
        by_arm = {}
        for row in self._told():
            name = row["scenario"] or row["model"]
            if row["model"] == TAPE:
                by_arm[name] = real
            elif row["model"] == TIME_PRIORITY:
                # That model is asked about the rest of what really filled.
                by_arm[name] = _by_time(real + (self._time_priority("sweep_orderid") or []))
            else:
                by_arm[name] = scenario_fills(
                    self._files, self._partition, name, self._order_id, looks_ns(self.messages)
                )
        return by_arm

    def _other_fills(self) -> dict[str, list[FoundFill]]:
        """Of an order that is no sweep, or a sweep that takes no part in the book, by arm."""
        by_arm = {}
        if self._tape is not None:
            by_arm[TAPE] = self._tape
            is_sweep = bool(self.terms.order_type & SWEEP)
            matched = self._time_priority("sweep_orderid" if is_sweep else "incoming_orderid")
            if matched is not None:
                by_arm[TIME_PRIORITY] = matched
        for scenario in self._scenarios():
            by_arm[scenario] = _by_time(
                scenario_matches(self._files, self._partition, scenario, self._order_id)
            )
        return by_arm

    def _time_priority(self, column: str) -> list[FoundFill] | None:
        return time_priority_fills(self._files, self._partition, self._order_id, column)

    def _scenarios(self) -> list[str]:
        """Those that were run, in their order."""
        return [name for name in SCENARIOS if (self._book / name).is_dir()]

    def _contras(self, ids: Iterable[int | None]) -> dict[int, tuple[int | None, str]]:
        """Participant and kind of those that are orders of the partition."""
        wanted = {one for one in ids if one is not None}
        if not wanted:
            return {}
        columns = (ORDER_ID, "participantid", "exchangeordertype")
        rows = self._files.rows(self._rows, ORDER_ID, wanted, columns)
        orders = zip(*(values(rows, name) for name in columns), strict=True)
        return {order: (participant, kind_of(kind)) for order, participant, kind in orders}

    # --- arms -------------------------------------------------------------------------------------

    def _measured(self) -> list[dict[str, Any]]:
        path = self._outputs / f"{SWEEP_METRICS}.parquet"
        rows = self._files.rows_if_there(path, ORDER_ID, (self._order_id,))
        return [] if rows is None else rows.to_pylist()

    def _told(self) -> list[dict[str, Any]]:
        """The measured arms that say something."""
        has_tape = self._tape is not None
        return [row for row in self.measured if has_tape or row["model"] not in _OF_THE_TAPE]

    def _arms(self, fills: dict[str, tuple[Fill, ...]], *, is_affected: bool) -> tuple[Arm, ...]:
        if not self.measured:
            return tuple(_plain_arm(name, of_arm) for name, of_arm in fills.items())
        return tuple(
            Arm(
                name=row["scenario"] or row["model"],
                model=row["model"],
                scenario=row["scenario"],
                fills=fills[row["scenario"] or row["model"]],
                rest=self._rest(
                    row, fills[row["scenario"] or row["model"]], is_affected=is_affected
                ),
                metrics={k: _plain(v) for k, v in row.items() if k not in _LABELS},
            )
            for row in self._told()
        )

    def _rest(
        self, row: dict[str, Any], fills: Sequence[Fill], *, is_affected: bool
    ) -> Rest | None:
        quantity = row["unfilled_quantity"]
        if not quantity:
            return None
        if row["model"] == TAPE:
            return tape_rest(quantity, fills, self.messages)
        if row["model"] == TIME_PRIORITY:
            return time_priority_rest(quantity, fills, self._asked_by_time_priority())
        return scenario_rest(
            quantity, row["unfilled_reason"], row["scenario"], self.terms, is_affected=is_affected
        )

    def _asked_by_time_priority(self) -> tuple[int, int] | None:
        """Shares that model was asked about, and matched of them; None of a sweep it lacks."""
        path = self._outputs / "simulation_order_summary.csv"
        rows = self._files.csv_rows(path, "orderid", self._order_id)
        found = rows.select(["quantity", "matched_quantity"]).to_pylist()
        return (found[0]["quantity"], found[0]["matched_quantity"]) if found else None

    # --- labels -----------------------------------------------------------------------------------

    def _is_affected(self) -> bool | None:
        for scenario in self._scenarios():
            path = self._book / scenario / "order_summary.parquet"
            rows = self._files.rows(path, ORDER_ID, (self._order_id,), ["is_affected"])
            return bool(values(rows, "is_affected")[0]) if len(rows) else None
        return None

    def _left_out(self) -> str | None:
        path = self._book / "left_out.parquet"
        rows = self._files.rows_if_there(path, ORDER_ID, (self._order_id,))
        if rows is None or not len(rows):
            return None
        reason: str = values(rows, "left_out_reason")[0]
        return LEFT_OUT_REASONS.get(reason, reason)

    def _ticker(self) -> str | None:
        date, security = self._partition
        found = tickers_in(self._files.layout, [{"date": date, "security": security}])
        return found.get(security)

    def _name_of_participant(self, participant: int | None) -> str | None:
        """The last of the names that it has on the date, if it has any."""
        path = self._files.layout.processed_date(self._partition.date) / "participants.parquet"
        if participant is None:
            return None
        rows: pa.Table | None = self._files.rows_if_there(path, "Id", (participant,))
        names = [] if rows is None else [name for name in values(rows, "ParticipantName") if name]
        return str(names[-1]) if names else None


def _as_fill(
    fill: FoundFill, contras: dict[int, tuple[int | None, str]], end_ns: int | None
) -> Fill:
    """A fill with who the contra is, and whether it counts."""
    participant, kind = contras.get(fill.contra_order_id or 0, (None, None))
    is_counted = end_ns is None or fill.time_ns <= end_ns
    return Fill(
        **fill._asdict(),
        contra_participant=participant,
        contra_kind=kind,
        is_counted=is_counted,
    )


def _plain_arm(name: str, fills: tuple[Fill, ...]) -> Arm:
    is_model = name in (TAPE, TIME_PRIORITY)
    return Arm(
        name=name,
        model=name if is_model else CENTRE_POINT,
        scenario=None if is_model else name,
        fills=fills,
    )


def _plain(value: Any) -> Any:
    """As JSON can hold it."""
    return known(value) if isinstance(value, float) else value


def _by_time(fills: list[FoundFill]) -> list[FoundFill]:
    """By time; of one instant in the order they are in."""
    return sorted(fills, key=lambda fill: fill.time_ns)

"""What a synthetic market is made from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Literal

from sweep_dask.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

#: A Friday and the Monday after it; daylight saving began in Sydney on the Sunday between.
DAYLIGHT_SAVING_DATES = ("2024-10-04", "2024-10-07")

#: The least Centre Point rows that still hold every kind of event; arbitrary.
FEWEST_EVENTS = 100

#: What fits the parts of an order id, see `stream.py`.
FIRST_YEAR, LAST_YEAR = 2000, 2049
MOST_SECURITIES = 65_536

#: Arbitrary: where the generated order book ids begin, and how far apart they are.
_FIRST_SECURITY, _SECURITY_STEP = 210_011, 13

Compression = Literal["csv", "csv.gz"]
Files = Literal["one", "per-date"]
_COMPRESSIONS = ("csv", "csv.gz")
_FILES = ("one", "per-date")


def security_ids(count: int) -> tuple[int, ...]:
    """Order book ids for a market of `count` securities."""
    return tuple(_FIRST_SECURITY + _SECURITY_STEP * position for position in range(count))


@dataclass(frozen=True)
class MarketParameters:
    """All that decides the bytes of a synthetic market.

    Raises
    ------
    UsageError
        A value that cannot be used, on construction.
    """

    seed: int = 0
    """Equal seeds and parameters give equal files."""
    securities: Sequence[int] = security_ids(3)
    """Order book ids, each once. Their prices lie in all three regions of the tick table."""
    dates: Sequence[str] = DAYLIGHT_SAVING_DATES
    """Trading days in ISO form, ascending, weekdays."""
    events: int = 3_000
    """Centre Point order rows per security and date; met within one transaction."""
    lit_fraction: float = 0.41
    """Share of all order rows that belong to lit orders (1.1 million of 2.7 million)."""
    reloaded_orders: int = 0
    """Sweeps per security that live on several dates; reloaded the evening before each of them."""
    compression: Compression = "csv"
    """The files' suffix: `csv` or `csv.gz`."""
    files: Files = "one"
    """`one` file per table, or one `per-date` for orders, trades and quotes."""
    slice_rows: int = 100_000
    """Order rows held in memory at a time. Part of the recipe: another value, another market."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "securities", tuple(self.securities))
        object.__setattr__(self, "dates", tuple(self.dates))
        self._check_numbers()
        self._check_securities()
        self._check_dates()
        _require(self.compression in _COMPRESSIONS, "compression", self.compression, "csv, csv.gz")
        _require(self.files in _FILES, "files", self.files, "one, per-date")

    @property
    def lit_rows(self) -> int:
        """Lit order rows per security and date."""
        # Parts per million keep the arithmetic whole: the same on every machine.
        lit_ppm = round(self.lit_fraction * 1_000_000)
        return self.events * lit_ppm // (1_000_000 - lit_ppm)

    def _check_numbers(self) -> None:
        _require(
            self.events >= FEWEST_EVENTS, "events", self.events, f"{FEWEST_EVENTS} or more per date"
        )
        _require(
            0 <= self.lit_fraction <= 0.95,
            "lit_fraction",
            self.lit_fraction,
            "a fraction from 0 to 0.95",
        )
        _require(
            0 <= self.reloaded_orders <= 100, "reloaded_orders", self.reloaded_orders, "0 to 100"
        )
        _require(self.slice_rows >= 1_000, "slice_rows", self.slice_rows, "1,000 or more")

    def _check_securities(self) -> None:
        ids = self.securities
        accepted = f"1 to {MOST_SECURITIES:,} different order book ids from 1 to 2147483647"
        _require(0 < len(set(ids)) == len(ids) <= MOST_SECURITIES, "securities", ids, accepted)
        _require(all(0 < number < 2**31 for number in ids), "securities", ids, accepted)

    def _check_dates(self) -> None:
        accepted = f"weekdays as YYYY-MM-DD, ascending, {FIRST_YEAR} to {LAST_YEAR}"
        try:
            days = [date.fromisoformat(text) for text in self.dates]
        except ValueError as error:
            raise _unusable("dates", self.dates, accepted) from error
        is_iso = tuple(day.isoformat() for day in days) == self.dates
        ascends = len(days) > 0 and days == sorted(set(days))
        _require(is_iso and ascends, "dates", self.dates, accepted)
        for day in days:
            usable = day.weekday() < 5 and FIRST_YEAR <= day.year <= LAST_YEAR
            _require(usable, "dates", day.isoformat(), accepted)


def _require(condition: bool, name: str, value: object, accepted: str) -> None:
    if not condition:
        raise _unusable(name, value, accepted)


def _unusable(name: str, value: object, accepted: str) -> UsageError:
    return UsageError(
        "The synthetic market cannot be made with this value.",
        where=name,
        value=value,
        cure=f"accepted: {accepted}",
    )

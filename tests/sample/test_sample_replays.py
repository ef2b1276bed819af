"""The recorded orders of a generated market, put through the Centre Point book, make its trades."""

import numpy as np
import pandas as pd
import pytest
from framed import read_partition, replay_partition

from sweep_dask.analysis.centre_point.inputs import BookSettings
from sweep_dask.analysis.centre_point.order_flow import free_flow
from sweep_dask.analysis.centre_point.score import Score
from sweep_dask.analysis.centre_point.tape import dark_matches
from sweep_dask.market.order_codes import CENTRE_POINT_BITS, SWEEP
from sweep_dask.market.sessions import SessionRow, continuous_windows
from sweep_dask.matching.events import Route
from sweep_dask.sample import sample_market_path
from sweep_dask.sample.population import PREFERENCING

KNOWN, LEARNED = BookSettings(preferencing=PREFERENCING), BookSettings()


def partitions(market, settings):
    """Of each security and date: the input of a replay, and the date."""
    days = {name: local_day(frame) for name, frame in times(market).items()}
    orders = market.orders[market.orders["exchangeordertype"] & CENTRE_POINT_BITS != 0]
    for day in sorted(set(days["session"])):
        for security in sorted(orders["security_code"].unique()):
            of_day = days["orders"].loc[orders.index] == day
            session = market.session[days["session"] == day]
            yield (
                read_partition(
                    orders[of_day & (orders["security_code"] == security)].reset_index(drop=True),
                    of(market.trades, "securitycode", security, days["trades"] == day),
                    of(market.nbbo, "orderbookid", security, days["nbbo"] == day),
                    continuous_windows([as_row(row) for row in session.itertuples()], security),
                    settings,
                ),
                str(day),
            )


def times(market):
    return {
        "orders": market.orders["timestamp"],
        "trades": market.trades["tradetime"],
        "nbbo": market.nbbo["timestamp"],
        "session": market.session["Timestamp"],
    }


def local_day(timestamps):
    return pd.to_datetime(timestamps, utc=True).dt.tz_convert("Australia/Sydney").dt.date


def of(frame, column, security, is_of_day):
    return frame[is_of_day & (frame[column] == security)].reset_index(drop=True)


def as_row(row):
    return SessionRow(row.Timestamp, row.Name, row.MatchingType, row.Level, row.OrderBookId)


def scores_and_misses(market, settings):
    """The score of each mode over all partitions; of each partition its tape and its misses."""
    results = [
        (partition, replay_partition(partition, day, 0, ablations=False))
        for partition, day in partitions(market, settings)
    ]
    scores = {"resync": Score(), "free": Score()}
    for _, result in results:
        for mode, score in scores.items():
            score.add(result.scores[mode])
    return scores, [(partition, result.misses) for partition, result in results]


@pytest.fixture(scope="module")
def sample(read_market):
    return read_market(sample_market_path(), "csv.gz")


@pytest.mark.parametrize("mode", ["resync", "free"])
def test_who_knows_who_opted_in_predicts_every_dark_match_of_the_sample(sample, mode):
    tally = scores_and_misses(sample, KNOWN)[0][mode].all
    assert tally.hits == tally.predicted == tally.tape > 1_000


@pytest.mark.parametrize("mode", ["resync", "free"])
def test_and_of_any_other_generated_market(market, mode):
    tally = scores_and_misses(market, KNOWN)[0][mode].all
    assert tally.hits == tally.predicted == tally.tape > 500


def test_published_prices_are_truncated_and_yet_tell_the_exact_ones(sample):
    truncated = 0
    for partition, _ in partitions(sample, KNOWN):
        log, tape = partition.log, partition.tape
        flow = free_flow(log, tape, KNOWN.rules, partition.is_in, partition.market)
        recorded = dark_matches(tape, partition.continuous)
        assert not (recorded.price_x2 % 2).any()
        # The same matches, as the tests above say, in the same order: it is that of execution.
        assert np.array_equal(recorded.exact_x2, partition.run(flow).fills["price_x2"])
        truncated += int((recorded.exact_x2 != recorded.price_x2).sum())
    assert truncated > 400


def test_who_learns_it_from_the_tape_misses_little_of_the_sample(sample):
    scores, _ = scores_and_misses(sample, LEARNED)
    assert scores["resync"].as_json()["f1"] > 0.985
    # A wrong match leaves other orders in the book, and with them come others.
    assert scores["free"].as_json()["f1"] > 0.965


def test_what_is_missed_then_are_first_preferenced_matches(sample):
    _, misses = scores_and_misses(sample, LEARNED)
    assert sum(len(missed) for _, missed in misses) > 0
    for partition, missed in misses:
        tape, log = partition.tape, partition.log
        is_sweep = pd.Series((log.type & SWEEP) != 0, index=log.order_id[log.order])
        is_sweep = is_sweep[~is_sweep.index.duplicated()]
        aggressive = tape.is_aggressor & np.isin(tape.deal_source, (46,))
        seen = {}
        for at in np.flatnonzero(aggressive):
            kind = int(tape.participant[at]), bool(is_sweep[tape.order_id[at]])
            seen.setdefault(kind, int(tape.timestamp_ns[at]))
        for miss in missed.itertuples():
            at = tape.is_aggressor & (tape.timestamp_ns == miss.timestamp)
            (incoming,) = set(tape.order_id[at & tape.is_dark])
            participant = int(tape.participant[at & tape.is_dark][0])
            assert participant in PREFERENCING
            assert miss.timestamp <= seen.get((participant, bool(is_sweep[incoming])), np.inf)


def test_all_kinds_of_dark_matches_occur_in_the_sample(sample):
    routes, sources, resting_sweeps, on_tick = set(), set(), 0, 0
    for partition, _ in partitions(sample, KNOWN):
        log = partition.log
        flow = free_flow(log, partition.tape, KNOWN.rules, partition.is_in, partition.market)
        fills = partition.run(flow).fills
        routes |= {Route(route) for route in fills["route"]}
        sources |= set(fills["deal_source"].tolist())
        is_sweep = np.zeros(log.order_id.size, bool)
        is_sweep[log.order] = log.is_sweep
        resting_sweeps += int((is_sweep[fills["buy"]] & (fills["aggressor"] != 1)).sum())
        resting_sweeps += int((is_sweep[fills["sell"]] & (fills["aggressor"] != 2)).sum())
        on_tick += int((fills["route"] == Route.ON_TICK).sum())
    # The block phase is off, as no file says from which value on it begins.
    assert routes == set(Route) - {Route.BLOCK}
    assert sources == {46, 47, 48}
    assert resting_sweeps >= 10
    assert on_tick >= 5


def test_two_resting_orders_meet_when_the_quote_moves_or_a_third_one_arrives(sample):
    dark = sample.trades[sample.trades["dealsource"].isin((46, 47, 48))]
    incoming = dark.groupby(["securitycode", "tradetime"])["passiveaggressive"].transform("max")
    quotes = sample.nbbo.set_index(["orderbookid", "timestamp"]).index
    alone = dark[incoming == 0]
    assert len(alone) > 100
    assert alone.set_index(["securitycode", "tradetime"]).index.isin(quotes).all()
    # Completed minimum quantities: matches of resting orders beside those of the incoming one.
    by_match = dark.groupby("matchgroupid")["passiveaggressive"].transform("sum")
    assert ((by_match == 0) & (incoming == 1)).sum() > 5

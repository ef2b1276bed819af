"""Columns of files that are called as in the extracts, or as the earlier pipeline called them."""

from __future__ import annotations

from sweep_dask.terms.columns import described_by_file
from sweep_dask.terms.files import ORDERS_AFTER, ORDERS_BEFORE

#: Of files in `processed/`.
ROWS = described_by_file(
    """
cp_orders_filtered:
    order_id | | order number
    exchange | | exchange code
    timestamp | ns UTC | time of the event
    security_code | | order book id
    price | 0.1 cent | limit of the order
    side | | 1 buy, 2 sell
    changereason | | why the row was written: 6 new, 5 amended, 3 traded, 1 cancelled, and others
    orderstatus | | status code of the exchange
    quantity | shares | the order's quantity after the event
    leavesquantity | shares | left after the event
    ordertype | | code of the exchange: limit, market and others
    exchangeordertype | | bits: 64 Centre Point, 2048 sweep, 4096 block, 256 crossing, 2 short sale
    national_bid | 0.1 cent | best national bid at the event
    national_offer | 0.1 cent | best national offer
    bid | 0.1 cent | best bid of the exchange
    offer | 0.1 cent | best offer of the exchange
    participantid | | participant id
    preferenceonly | | 1: meets own orders only
    midtick | | 0 to 6, terms of the limit in the dark (rules R2, R5)
    singlefillminimumquantity | | 1: the minimum quantity must come from one fill
    minimumquantity | shares | minimum acceptable quantity
    sequence | | number of the event; engine order
    crossingkey | | key of a crossing booking
    totalmatchedquantity | shares | traded so far
    shortsellquantity | shares | shares of the order that are short
    triggercondition | | code of the exchange
    timevaliditydecoded | | time in force, in words
    row_num | | number of the row in the extract
    timevalidity | | time in force, code
    date | | trading date
cp_trades_matched:
    EXCHANGE | | exchange code
    sequence | | number of the event; engine order
    tradedate | | date of the trade as in the extract
    tradetime | ns UTC | of the trade
    securitycode | | order book id
    orderid | | order that traded
    dealsource | | how it came about: 47 Centre Point, and other codes of the exchange
    dealsourcedecoded | | deal source in words
    exchangeinfo | | on or off market, in words
    matchgroupid | | the two sides of a match share it
    nationalbidpricesnapshot | 0.1 cent | national bid at the trade
    nationalofferpricesnapshot | 0.1 cent | national offer at the trade
    tradeprice | 0.1 cent | as published, truncated to a whole unit
    quantity | shares | traded
    side | | 1 buy, 2 sell; 0 not told
    sidedecoded | | side in words
    participantid | | participant id
    passiveaggressive | | 1: this side came in; otherwise it rested
    row_num | | number of the row in the extract
    date | | trading date
cp_trades_aggregated:
    orderid | | order that traded
    total_quantity_filled | shares | sum of its trades
    avg_execution_price | 0.1 cent | plain mean over trades
    first_trade_time | ns UTC | its first trade
    last_trade_time | ns UTC | its last trade
    num_trades | | number of trades
    vwap | 0.1 cent | mean weighted by shares
    execution_duration_sec | s | last minus first trade
nbbo:
    partition | | partition of the exchange's system
    sequence | | number of the message
    tradedate | ns UTC | midnight of the trade date
    bidprice | 0.1 cent | best national bid
    creationtime | ns UTC | when the message was made
    offerprice | 0.1 cent | best national offer
    orderbookid | | order book id
    timestamp | ns UTC | from when the quote holds
    userid | | code of the extract
    runid | | code of the extract
    date | | trading date
last_execution_time:
    orderid | | order
    first_execution_time | ns UTC | its first event
    last_execution_time | ns UTC | the last event that ends it, else the last event of the partition
session:
    Partition | | partition of the exchange's system
    Sequence | | number of the message
    TradeDate | ns UTC | midnight of the trade date
    Id | | id of the state
    Level | | 1 whole market, 2 and 3 groups of securities, 4 one security
    MatchingType | | code: how orders match in this state
    Name | | name of the state, such as OPEN, PRE_CSPA
    OrderBookId | | order book id; missing: the whole market
    Timestamp | ns UTC | when the state begins
    Type | | code of the extract
    isEndOfTrading | | 1: trading of the day is over
    date | | trading date
reference:
    Sequence | | number of the message
    TradeDate | ns UTC | midnight of the trade date
    DecimalsInPrice | | decimal places of prices
    Id | | order book id
    MarketId | | id of the market
    date | | trading date
participants:
    Sequence | | number of the message
    TradeDate | ns UTC | midnight of the trade date
    Id | | participant id
    date | | trading date
    """
)
ROWS |= dict.fromkeys((ORDERS_BEFORE, ORDERS_AFTER), ROWS["cp_orders_filtered"])
#: Of files that keep all columns of the extract.
OTHER = "column of the extract, as text"

#: Of the nine tables of the time-priority model.
NINE = described_by_file(
    """
simulation_order_summary:
    orderid | | the sweep
    timestamp | ns UTC | of its first row
    side | | 1 buy, 2 sell
    quantity | shares | what it had left at the end of its record, which is what the model matches
    matched_quantity | shares | matched
    remaining_quantity | shares | left
    fill_ratio | share | matched of `quantity`; 0 if that is 0
    num_matches | | number of matches
    orderbookid | | order book id
simulation_match_details:
    incoming_orderid | | the contra
    sweep_orderid | | the sweep
    timestamp | ns UTC | of the contra's first row
    matched_quantity | shares | matched
    price | 0.1 cent | midpoint of the last quote, else of the contra's own row
    orderbookid | | order book id
orders_with_simulated_metrics:
    simulated_matched_quantity | shares | matched of it as a sweep; 0 of others
    simulated_num_matches | | number of these matches
    simulated_fill_ratio | share | matched of its last quantity
    simulated_fill_status | | `Unfilled`, `Partially Filled`, `Fully Filled`
    simulated_avg_price | 0.1 cent | mean of its matches as a contra; 0 without one
    simulated_total_value | shares × 0.1 cent | of its matches as a contra
sweep_order_comparison:
    orderid | | the sweep
    available_quantity | shares | what the model matches: what was left at the end
    size_category | | `Small` up to 500 available shares, `Medium` up to 2,000, `Large`
    group | | `Group 1 (Fully Filled)`, `Group 2 (Partially Filled)`, `Group 3 (Unfilled)`: for real
    real_matched_quantity | shares | `totalmatchedquantity` of the last row
    simulated_matched_quantity | shares | matched by the model
    matched_quantity_diff | shares | simulated minus real
    real_fill_ratio | share | really traded of its last quantity
    simulated_fill_ratio | share | matched of the available quantity
    fill_ratio_diff | share | simulated minus real
    real_num_matches | | trade rows
    simulated_num_matches | | number of matches
    num_matches_diff | | simulated minus real
    real_fill_status | | `Unfilled`, `Partially Filled`, `Fully Filled`: real, of the last quantity
    simulated_fill_status | | as the real one: simulated, of the available quantity
sweep_group_summary:
    group | | `Group 1 (Fully Filled)`, `Group 2 (Partially Filled)`, `Group 3 (Unfilled)`: for real
    num_orders | | number of sweeps
    real_total_matched | shares | really traded, sum
    real_mean_matched | shares a sweep | really traded, mean
    real_mean_fill_ratio | share | mean of the real fill ratio
    real_mean_num_matches | | trade rows, mean
    simulated_total_matched | shares | matched by the model, sum
    simulated_mean_matched | shares a sweep | matched by the model, mean
    simulated_mean_fill_ratio | share | mean of the simulated fill ratio
    simulated_mean_num_matches | | matches of the model, mean
    total_quantity_diff | shares | simulated minus real, sum
    mean_quantity_diff | shares a sweep | simulated minus real, mean
    mean_fill_ratio_diff | share | simulated minus real, mean
    mean_num_matches_diff | | simulated minus real, mean
    pct_sim_better | % | sweeps with more shares simulated
    pct_sim_worse | % | sweeps with fewer shares simulated
    pct_sim_same | % | sweeps with as many shares simulated
sweep_statistical_tests:
    segment_type | | `Overall`, `Group`, `Size`, `Group-Size`
    segment_name | | `All`, a group, a size, or `<group>_<size>`
    metric | | `Matched Quantity`, `Fill Ratio`, `Number of Matches`
    n_samples | | number of sweeps
    mean_real | | real value, mean over them; unit of the metric
    mean_simulated | | simulated value, mean over them
    mean_difference | | simulated minus real, mean
    std_difference | | of the difference, standard deviation of the population
    t_statistic | | Student's t
    p_value | | of the t-test, two-sided
    significant_5pct | | `p_value` below 0.05
    significant_1pct | | `p_value` below 0.01
    ci_95_lower | | 95 % interval of the mean difference, lower bound
    ci_95_upper | | 95 % interval of the mean difference, upper bound
sweep_size_analysis:
    size_category | | `Small` up to 500 available shares, `Medium` up to 2,000, `Large`
    num_orders | | number of sweeps
    quantity_range | | smallest and largest available quantity, `min - max`
    real_total_matched | shares | really traded, sum
    real_mean_matched | shares a sweep | really traded, mean
    real_std_matched | shares | really traded, standard deviation with n − 1
    real_mean_fill_ratio | share | mean of the real fill ratio
    real_std_fill_ratio | share | of the real fill ratio, standard deviation with n − 1
    simulated_total_matched | shares | matched by the model, sum
    simulated_mean_matched | shares a sweep | matched by the model, mean
    simulated_std_matched | shares | matched by the model, standard deviation with n − 1
    simulated_mean_fill_ratio | share | mean of the simulated fill ratio
    simulated_std_fill_ratio | share | of the simulated fill ratio, standard deviation with n − 1
    mean_quantity_diff | shares a sweep | simulated minus real, mean
    median_quantity_diff | shares | simulated minus real, median
    std_quantity_diff | shares | simulated minus real, standard deviation with n − 1
    mean_fill_ratio_diff | share | simulated minus real, mean
    median_fill_ratio_diff | share | simulated minus real, median
    pct_sim_better | % | sweeps with more shares simulated
    pct_sim_worse | % | sweeps with fewer shares simulated
    pct_sim_same | % | sweeps with as many shares simulated
trade_level_comparison:
    orderid | | the sweep
    total_trades | | number of real trades
    total_quantity_filled | shares | really traded
    weighted_avg_price | 0.1 cent | plain mean over trades, whatever its name says
    price_std_dev | 0.1 cent | of real trades, standard deviation with n − 1
    first_trade_time | ns UTC | first real trade
    last_trade_time | ns UTC | last real trade
    execution_duration_sec | s | last minus first real trade
    avg_time_between_trades | s | duration over real trades − 1
    sim_total_matches | | number of simulated matches
    sim_total_quantity | shares | matched by the model
    sim_avg_price | 0.1 cent | plain mean over matches
    sim_price_std_dev | 0.1 cent | of matches, standard deviation with n − 1
    sim_first_match_time | ns UTC | first match
    sim_last_match_time | ns UTC | last match
    sim_execution_duration_sec | s | last minus first match
    quantity_diff | shares | simulated minus real
    quantity_accuracy_pct | % | simulated of real; 0 without real
    num_trades_diff | | simulated minus real
    price_diff | 0.1 cent | simulated minus real
    price_error_pct | % | size of the price difference, of the real price
    execution_time_diff_sec | s | difference of durations, simulated minus real
    match_status | | `EXACT_MATCH`, `CLOSE_MATCH`, `PARTIAL_MATCH`, `POOR_MATCH`
    accuracy_score | | 0 to 100: 40 for shares, 30 price, 20 number, 10 duration
trade_accuracy_summary:
    total_orders | | rows of `trade_level_comparison`
    orders_with_real_trades | | rows with a real trade
    orders_with_sim_matches | | rows with a simulated match
    total_real_quantity | shares | really traded, sum
    total_sim_quantity | shares | matched by the model, sum
    quantity_match_rate_pct | % | sum simulated of sum real
    avg_price_error_pct | % | mean of `price_error_pct`
    median_price_error_pct | % | median of `price_error_pct`
    price_rmse | 0.1 cent | root of the mean squared price difference
    total_real_trades | | number of real trades
    total_sim_matches | | matches
    trade_count_match_rate_pct | % | number simulated of number real
    avg_time_diff_sec | s | difference of durations, mean
    median_time_diff_sec | s | difference of durations, median
    exact_matches | | rows with `EXACT_MATCH`
    close_matches | | rows with `CLOSE_MATCH`
    partial_matches | | rows with `PARTIAL_MATCH`
    poor_matches | | rows with `POOR_MATCH`
    avg_accuracy_score | | mean, 0 to 100
    median_accuracy_score | | median, 0 to 100
    """
)
#: What the last row of each order holds stands beside what the model makes of it.
_STATES = ROWS["cp_orders_filtered"]
NINE["orders_with_simulated_metrics"] |= {"orderid": _STATES["order_id"], **_STATES}

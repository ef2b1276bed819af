"""Columns of files in `processed/`, which are called as in the extracts and the seed's pipeline."""

from __future__ import annotations

from sweep_dask.terms.columns import described
from sweep_dask.terms.files import ORDERS_AFTER, ORDERS_BEFORE

ROWS = {
    "cp_orders_filtered": described(
        """
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
        """
    ),
    "cp_trades_matched": described(
        """
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
        """
    ),
    "cp_trades_aggregated": described(
        """
    orderid | | order that traded
    total_quantity_filled | shares | sum of its trades
    avg_execution_price | 0.1 cent | plain mean over trades
    first_trade_time | ns UTC | its first trade
    last_trade_time | ns UTC | its last trade
    num_trades | | number of trades
    vwap | 0.1 cent | mean weighted by shares
    execution_duration_sec | s | last minus first trade
        """
    ),
    "nbbo": described(
        """
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
        """
    ),
    "last_execution_time": described(
        """
    orderid | | order
    first_execution_time | ns UTC | its first event
    last_execution_time | ns UTC | the last event that ends it, else the last event of the partition
        """
    ),
    "session": described(
        """
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
        """
    ),
    "reference": described(
        """
    Sequence | | number of the message
    TradeDate | ns UTC | midnight of the trade date
    DecimalsInPrice | | decimal places of prices
    Id | | order book id
    MarketId | | id of the market
    date | | trading date
        """
    ),
    "participants": described(
        """
    Sequence | | number of the message
    TradeDate | ns UTC | midnight of the trade date
    Id | | participant id
    date | | trading date
        """
    ),
}
ROWS |= dict.fromkeys((ORDERS_BEFORE, ORDERS_AFTER), ROWS["cp_orders_filtered"])
#: Of files that keep all columns of the extract.
OTHER = "column of the extract, as text"

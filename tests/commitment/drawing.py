"""Values of every kind of leaf, drawn inside their ranges, borders included."""

from typing import Any

from hypothesis import strategies as st
from immutables import Map

from settlespec.commitment.leaves import Activity, Holdings, LiveOrders, NamedOrder
from settlespec.domain.instruments import SCENARIOS, Quote
from settlespec.domain.messages import Cause, Claim, Deposit, ForcedOrder, ForcedWithdrawal, Received
from settlespec.domain.orders import Order, Side
from settlespec.domain.quantities import AMOUNT, IDENTIFIER, LOSS, MAX_PRICE, PRICE, RATE, SIZE, TIME, Range
from settlespec.domain.rounds import Breach, CloseAtMark, Discard, Round, Seize, Settle, Stage

WIDE = 2**100


def inside(limit: Range) -> st.SearchStrategy[int]:
    """Any integer of the range, small ones and the borders more often."""
    small = st.integers(limit.low, min(limit.high, max(limit.low, 0) + 300))
    return st.one_of(small, st.sampled_from((limit.low, limit.high)), st.integers(limit.low, limit.high))


identifiers = inside(IDENTIFIER)
times = inside(TIME)
amounts = inside(AMOUNT)
prices = inside(PRICE)
sizes = inside(SIZE)
quantities = inside(Range(0, WIDE))
signed_quantities = inside(Range(-WIDE, WIDE))
keys = st.binary(min_size=32, max_size=32)
sides = st.sampled_from(Side)


def pairs(values: st.SearchStrategy[int]) -> st.SearchStrategy[tuple[tuple[int, int], ...]]:
    """Values by rising key."""
    return st.dictionaries(identifiers, values, max_size=5).map(lambda drawn: tuple(sorted(drawn.items())))


def rising(records: st.SearchStrategy[Any], key: str) -> st.SearchStrategy[Any]:
    """Records in rising order of a field, none of it twice."""
    unique = st.lists(records, max_size=4, unique_by=lambda record: getattr(record, key))
    return unique.map(lambda drawn: tuple(sorted(drawn, key=lambda record: getattr(record, key))))


holdings = st.builds(
    Holdings, owner=keys, cash=signed_quantities, sizes=pairs(signed_quantities.filter(lambda size: size != 0))
)
names = rising(st.builds(NamedOrder, client_id=identifiers, arrival=identifiers, side=sides, price=prices), "client_id")
live_orders = rising(
    st.builds(
        LiveOrders,
        instrument=identifiers,
        buys=quantities,
        sells=quantities,
        reduce_only=quantities,
        names=names.filter(bool),
    ),
    "instrument",
)
activities = st.builds(
    Activity, nonce=identifiers, breach_rounds=identifiers, costs=pairs(signed_quantities), orders=live_orders
)


@st.composite
def orders(draw: st.DrawFn) -> Order:
    size = draw(sizes)
    return Order(
        arrival=draw(identifiers),
        account=draw(identifiers),
        client_id=draw(identifiers),
        instrument=draw(identifiers),
        side=draw(sides),
        price=draw(prices),
        size=size,
        filled=draw(st.integers(0, size - 1)),
        good_till=draw(times),
        reduce_only=draw(st.booleans()),
    )


claims = st.builds(
    Claim, index=identifiers, account=identifiers, key=keys, amount=amounts, cause=st.sampled_from(Cause)
)
received = st.builds(
    Received,
    time=times,
    message=st.one_of(
        st.builds(Deposit, account=identifiers, key=keys, amount=amounts),
        st.builds(ForcedWithdrawal, account=identifiers, key=keys, amount=amounts),
        st.builds(
            ForcedOrder, account=identifiers, key=keys, instrument=identifiers, side=sides, size=sizes, price=prices
        ),
    ),
)
tasks = st.one_of(
    identifiers,
    st.builds(Seize, account=identifiers),
    st.builds(CloseAtMark, account=identifiers, instrument=identifiers, counterparty=identifiers, size=sizes),
    st.builds(Settle, account=identifiers),
    st.builds(Discard, instrument=identifiers, side=sides, price=st.integers(0, MAX_PRICE), arrival=identifiers),
)
breaches = st.builds(Breach, account=identifiers, equity=signed_quantities, maintenance=quantities, rounds=identifiers)
linear_quotes = st.builds(Quote, instrument=st.just(1), mark=prices, funding_rate=inside(RATE))
losses = st.lists(inside(LOSS), min_size=SCENARIOS, max_size=SCENARIOS).map(tuple)
option_quotes = st.builds(Quote, instrument=st.just(4), mark=prices, funding_rate=inside(RATE), losses=losses)
"""Of instruments of `tests.commitment.dated_walks`: what a quote says depends on which instrument it is of."""
rounds = st.builds(
    Round,
    number=identifiers,
    timestamp=times,
    quotes=st.lists(linear_quotes | option_quotes, max_size=2).map(lambda drawn: Map({q.instrument: q for q in drawn})),
    elapsed=times,
    stage=st.sampled_from(Stage),
    holder=st.none() | identifiers,
    tasks=st.lists(tasks, max_size=3).map(tuple),
    cursor=quantities,
    gains=st.dictionaries(identifiers, amounts, max_size=3).map(Map),
    total_gain=quantities,
    defaulted=st.lists(identifiers, max_size=3).map(tuple),
    owed=quantities,
    collected=quantities,
    breaches=st.lists(breaches, max_size=3).map(tuple),
    attempts=quantities,
    micro_steps=quantities,
)

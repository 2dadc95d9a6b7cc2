"""Short rules beside what venues, protocols and regulators say that they do, read here by a search, a count or lot by lot."""

from fractions import Fraction
from math import ceil, floor

from hypothesis import given
from hypothesis import strategies as st

from settlespec.arithmetic import PPM
from settlespec.rules import base_fees, custody, expiry, funding, liquidation, margin, trading

BUYS, SELLS = 1, -1
SIDES = st.sampled_from((BUYS, SELLS))
SMALL = st.integers(0, 20)
PRICES = st.integers(1, 40)
LOTS = st.integers(1, 30)


@given(SMALL, st.lists(SMALL.map(lambda half: 2 * half), min_size=1, max_size=9))
def test_a_block_is_final_once_the_op_stack_has_read_it_at_some_head(depth: int, heads: list[int]) -> None:
    """OP Stack, op-node, confDepth.L1BlockRefByNumber: a block is found where num == 0 or num + depth <= head; what was read stays read."""
    final, read = 0, set()
    for head in heads:
        read |= {number for number in range(head + 1) if number == 0 or number + depth <= head}
        final = base_fees.final_block(final, head, depth)
        assert final == max(read)


@given(SIDES, PRICES, PRICES, PRICES)
def test_a_forced_limit_is_the_nearest_price_that_the_venue_allows(side: int, price: int, low: int, high: int) -> None:
    """Bybit, Set Price Limit Behaviour: a limit beyond the highest bid or the lowest ask is adjusted to the nearest allowed price.

    OKX does the same under pxAmendType 1.
    """
    allowed = range(1, high + 1) if side == BUYS else range(low, 41)
    assert custody.forced_limit(side, price, low, high) == min(allowed, key=lambda other: abs(other - price))


@given(SIDES, st.integers(1, 10**4), st.integers(0, PPM // 2))
def test_a_price_is_outside_the_band_where_it_fails_binances_percent_price(side: int, mark: int, share: int) -> None:
    """Binance USDS-M Futures, filter PERCENT_PRICE: BUY price <= markPrice * multiplierUp, SELL price >= markPrice * multiplierDown."""
    highest, lowest = mark * (1 + Fraction(share, PPM)), mark * (1 - Fraction(share, PPM))
    half_width = trading.band_half_width(mark, 1, 0, share)
    low, high = trading.band_low(mark, half_width, 1), trading.band_high(mark, half_width, 1)
    for price in {
        1,
        mark,
        *range(max(1, floor(lowest) - 1), ceil(lowest) + 2),
        *range(floor(highest), ceil(highest) + 2),
    }:
        passes = price <= highest if side == BUYS else price >= lowest
        assert trading.outside_band(side, price, low, high) is not passes


@given(st.lists(SMALL, min_size=1, max_size=6), SMALL, st.integers(0, 41))
def test_a_forced_request_is_overdue_when_arbitrum_would_force_it(sent: list[int], delay: int, now: int) -> None:
    """Arbitrum Nitro, SequencerInbox.forceInclusion: too soon while l1BlockAndTime[1] + delaySeconds >= block.timestamp."""
    too_soon = [time for time in sent if time + delay >= now]
    overdue = [time for time in sent if custody.is_overdue(now, custody.forced_deadline(time, delay))]
    assert sorted(too_soon + overdue) == sorted(sent)


@given(SMALL, st.lists(st.integers(1, 20), min_size=1, max_size=6), st.integers(1, 12))
def test_an_outage_is_charged_as_on_mango(start: int, gaps: list[int], longest: int) -> None:
    """Mango v4, change log of v0.11.0 (#529): at most one hour is charged, however long nobody updated the funding.

    Counted moment by moment: of those since the last update the first so many are paid for.
    """
    last = start
    for gap in gaps:
        moments = range(last, last + gap)
        assert funding.interval(last + gap, last, longest) == len(moments[:longest])
        last += gap


@given(st.lists(st.integers(0, 60), min_size=1, max_size=6), st.integers(0, 360))
def test_a_haircut_takes_the_loss_and_no_more_from_gains_in_proportion(gains: list[int], loss: int) -> None:
    """Variation-margin gains haircutting (ISDA, CCP Loss Allocation at the End of the Waterfall, 2013): pro rata, up to the loss.

    Quantum by quantum: the first of all that are paid go to the loss, and those after them to the rounding.
    """
    owed = min(loss, sum(gains))
    shares = [ceil(Fraction(owed * gain, sum(gains) or 1)) for gain in gains]
    assert [liquidation.haircut(owed, gain, sum(gains)) for gain in gains] == shares
    quanta = [account for account, share in enumerate(shares) for _ in range(share)]
    collected = 0
    for account, share in enumerate(shares):
        due = liquidation.haircut_due(share, owed, collected)
        assert due == quanta[:owed].count(account)
        collected += due
    assert collected == owed


@given(st.integers(10_000, 10**9), st.integers(100, PPM // 2))
def test_a_liquidation_slips_no_further_than_a_market_close_of_hyperliquid(mark: int, slip: int) -> None:
    """Hyperliquid, Python SDK, market_close: px *= (1 + slippage) if is_buy else (1 - slippage); here rounded to what is not worse."""
    slippage = Fraction(slip, PPM)
    width = liquidation.slip_width(mark, slip, 1)
    assert liquidation.lowest_sale(mark, width) == ceil(mark * (1 - slippage))
    assert liquidation.highest_purchase(mark, width) == floor(mark * (1 + slippage))


@given(LOTS, st.lists(LOTS, min_size=1, max_size=6))
def test_lots_close_against_opposite_positions_as_dydx_deleverages(size: int, opposites: list[int]) -> None:
    """dYdX v4, OffsetSubaccountPerpetualPosition: the offsetting position where what remains is larger than it, else what remains.

    Lot by lot: each lot that remains meets one of the opposite position.
    """
    remaining = size
    for opposite in opposites:
        delta = opposite if remaining > opposite else remaining
        pairs = list(zip(range(remaining), range(opposite), strict=False))
        assert liquidation.closable(remaining, opposite) == delta == len(pairs)
        remaining -= delta


@given(st.text("fd", min_size=1, max_size=40) | st.integers(0, 15).map(lambda days: "fd" + "f" * days))
def test_whoever_stays_in_breach_is_closed_out_as_under_regulation_sho(days: str) -> None:
    """Regulation SHO, 17 CFR 242.203(b)(3): who fails to deliver for thirteen consecutive settlement days closes out immediately.

    Thirteen days are one more than a patience of twelve; f is a day with a failure, d one with delivery.
    """
    count = 0
    for day, outcome in enumerate(days, start=1):
        count = liquidation.rounds_in_breach(count, outcome == "f")
        assert count == day - len(days[:day].rstrip("f"))
        assert liquidation.beyond_patience(count, 12) is days[:day].endswith("f" * 13)


@given(st.sets(st.integers(1, 6), min_size=1, max_size=4), st.integers(0, 23), st.integers(0, 6))
def test_what_expires_today_is_a_tier_of_its_own_as_at_iccl(days: set[int], hour: int, today: int) -> None:
    """ICCL circular 20241219-27, on SEBI/HO/MRD/TPD-1/P/CIR/2024/132, 5.2: on expiry day tier 1 is the expiry of that day, tier 2 the
    others; on other days there is one tier, and calendar spreads stand within a tier only.
    """
    left = sorted(day for day in days if day >= today)
    tiers = [[day] if day == today else [] for day in left[:1]] + [[day for day in left if day != today]]
    last_hour = 23
    groups: dict[int, list[int]] = {}
    for day in left:
        group = expiry.near_expiry(24 * day + last_hour, 24 * today + hour, last_hour)
        groups.setdefault(group, []).append(day)
    assert sorted(groups.values()) == sorted(tier for tier in tiers if tier)


@given(st.integers(0, 10**6), st.integers(0, 10**9), st.integers(1, 10**9))
def test_written_lots_count_as_futures_equivalents_of_the_cftc(lots: int, short_lot: int, linear: int) -> None:
    """17 CFR 150.1, futures-equivalent: an option contract counts by its risk factor of the day before, which is at most that of a future.

    The risk factor here is what a written lot needs, as a share of a linear lot.
    """
    factor = min(Fraction(short_lot, linear), Fraction(1))
    assert margin.weighted_open_interest(lots, short_lot, linear) == floor(lots * factor)

"""Short rules beside the formulas that others publish for the same thing, in exact fractions or in the words of the source."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from settlespec.arithmetic import PPM
from settlespec.domain.instruments import SCENARIOS
from settlespec.rules import base_fees, margin, trading
from tests.machine.driver import instrument

WEI = st.integers(0, 10**12)
GAS = st.integers(0, 30_000_000)
RATES = st.integers(1, PPM // 2)


@given(WEI, WEI, WEI)
def test_the_builders_share_is_that_of_eip_1559(most_priority: int, above: int, base_fee: int) -> None:
    """EIP-1559: priority_fee_per_gas = min(max_priority_fee_per_gas, max_fee_per_gas - base_fee_per_gas)."""
    most = base_fee + above
    paid = base_fees.effective_priority_fee(most, most_priority, base_fee)
    effective_gas_price = min(most_priority, most - base_fee) + base_fee
    assert paid + base_fee == effective_gas_price


@given(GAS, WEI, st.integers(0, 9), WEI)
def test_what_a_transaction_costs_is_that_of_eip_4844(gas: int, price: int, blobs: int, blob_price: int) -> None:
    """EIP-4844: gas_used * effective_gas_price + GAS_PER_BLOB * len(blobs) * base_fee_per_blob_gas, GAS_PER_BLOB = 2**17."""
    assert base_fees.transaction_cost(gas, price, 2**17 * blobs, blob_price) == gas * price + 2**17 * blobs * blob_price


@given(st.integers(-(10**6), 10**6), st.integers(1, 10**9), RATES, RATES)
def test_a_position_alone_needs_its_notional_at_its_rate(size: int, mark: int, rate: int, basis: int) -> None:
    """Binance, Bybit, dYdX: maintenance margin = position notional * maintenance rate; here the two rates together."""
    array = margin.linear_array(instrument(1, 1, maintenance_ppm=rate, basis_ppm=basis), mark)
    notional = Fraction(abs(size) * mark)
    assert Fraction(margin.risk_alone(size, array), margin.RISK_SCALE) == notional * Fraction(rate + basis, PPM)


@given(st.integers(1, 10**12), st.integers(0, 10**12))
def test_what_is_left_of_a_replaced_order_is_leaves_quantity_of_fix(order_quantity: int, filled: int) -> None:
    """FIX 4.4: LeavesQty = OrderQty - CumQty, and 0 where the order is done."""
    leaves_quantity = order_quantity - filled if filled < order_quantity else 0
    assert trading.remaining_after_replace(order_quantity, filled) == leaves_quantity


def of_eip_1559(base_fee: int, gas_used: int, target: int) -> int:
    """EIP-1559, calculation of the expected base fee, in its own words."""
    if gas_used == target:
        return base_fee
    if gas_used > target:
        return base_fee + max(base_fee * (gas_used - target) // target // 8, 1)
    return base_fee - base_fee * (target - gas_used) // target // 8


@given(st.integers(1, 400), st.integers(0, 500), st.integers(1, 12))
def test_the_gas_use_towards_a_fee_is_what_a_search_through_every_gas_use_finds(
    base_fee: int, wanted: int, target: int
) -> None:
    """The update is EIP-1559's, not ours; a fee is passed when it lies beyond the wanted one, seen from the present one."""
    limit = 2 * target
    if wanted == base_fee:
        expected = target
    elif wanted > base_fee:
        expected = max(gas for gas in range(target, limit + 1) if of_eip_1559(base_fee, gas, target) <= wanted)
    else:
        expected = min(gas for gas in range(target + 1) if of_eip_1559(base_fee, gas, target) >= wanted)
    assert base_fees.gas_towards(base_fee, wanted, target, limit) == expected


LOSSES = st.lists(st.integers(-(10**9), 10**9), min_size=SCENARIOS, max_size=SCENARIOS).map(tuple)


@given(st.lists(st.tuples(st.integers(-99, 99), LOSSES), min_size=1, max_size=4), st.integers(-99, 99))
def test_lots_that_are_added_lose_what_a_scan_of_the_whole_portfolio_from_nothing_finds(
    held: list[tuple[int, tuple[int, ...]]], change: int
) -> None:
    """SPAN: the loss of a portfolio in a scenario is the sum over its positions of their lots times the array's value."""
    before = tuple(sum(size * losses[place] for size, losses in held) for place in range(SCENARIOS))
    after = [(held[0][0] + change, held[0][1]), *held[1:]]
    scanned = tuple(sum(size * losses[place] for size, losses in after) for place in range(SCENARIOS))
    assert margin.shifted_losses(before, change, margin.risk_array(held[0][1], 0, 0)) == scanned

"""Short rules beside the formulas that others publish for the same thing, in exact fractions or in the words of the source."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from settlespec.arithmetic import PPM
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

"""What checks each rule from outside: by numbers or by code that are none of the rule's own, nor of the machine's.

A rule that no line names has no such check, and ``settlespec rules --strict`` says so. A test sees that every test named here exists.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from attrs import frozen


class Outside(StrEnum):
    """Where the other side of a comparison comes from."""

    YARDSTICK = "yardstick"
    """Cases that another implementation's authors wrote for it, with the answers that they expect."""
    PUBLISHED_VALUES = "published values"
    """Figures that a venue, a clearing house or a chain publishes."""
    PUBLISHED_FORMULA = "published formula"
    """A formula as others publish it, computed in exact fractions or by a decimal library."""
    PUBLISHED_PRACTICE = "published practice"
    """What a venue, a protocol or a regulator says that it does, read in the test by a search, a count or lot by lot."""
    REAL_SERIES = "real series"
    """What really happened, block by block or fill by fill."""
    LIBRARY = "library"
    """An arithmetic that others wrote and that others use."""
    INVARIANTS = "invariants"
    """What must hold of every step, worked out by code that imports no rule and nothing of the machine: a planted fault rings."""
    SECOND_TEXT = "second text"
    """The published page for other implementations, whose code is run beside the rule on the same random values."""


@frozen
class OutsideCheck:
    """One test that compares rules with something outside."""

    kind: Outside
    test: str
    """File and name of the test, as pytest takes them."""
    rules: tuple[str, ...]


_PAGE: Final = "tests/documentation/test_arithmetic.py"
_FORMULAS: Final = "tests/rules/test_published_formulas.py"
_PRACTICE: Final = "tests/rules/test_published_practice.py"

OUTSIDE_CHECKS: Final = (
    OutsideCheck(
        Outside.LIBRARY,
        "tests/arithmetic/test_integers.py::test_every_function_answers_what_the_interpreters_own_answers",
        ("ARITH-1", "ARITH-1.2", "ARITH-2", "ARITH-2.2", "ARITH-2.3", "ARITH-2.4", "ARITH-2.5", "ARITH-4"),
    ),
    OutsideCheck(
        Outside.LIBRARY,
        "tests/arithmetic/test_integers.py::test_both_quotients_are_those_of_exact_fractions",
        ("ARITH-3", "ARITH-3.2"),
    ),
    OutsideCheck(
        Outside.REAL_SERIES,
        "tests/settlement/test_fee_series.py::test_every_block_of_the_luna_crash_is_explained_exactly",
        ("BASE-1",),
    ),
    OutsideCheck(
        Outside.PUBLISHED_VALUES,
        "tests/rules/test_base_fees.py::test_the_base_fee_moves_as_in_the_published_cases",
        ("BASE-1",),
    ),
    OutsideCheck(
        Outside.PUBLISHED_VALUES,
        "tests/settlement/test_base_fee.py::test_the_integer_exponential_is_as_in_the_published_cases",
        ("BASE-3",),
    ),
    OutsideCheck(
        Outside.PUBLISHED_VALUES,
        "tests/rules/test_base_fees.py::test_excess_blob_gas_under_the_reserve_price_is_as_in_the_published_cases",
        ("BASE-4", "BASE-5"),
    ),
    OutsideCheck(
        Outside.PUBLISHED_VALUES,
        "tests/rules/test_base_fees.py::test_calldata_cost_ten_and_forty_gas_a_byte_where_nothing_executes",
        ("BASE-6", "BASE-7"),
    ),
    OutsideCheck(
        Outside.PUBLISHED_FORMULA,
        "tests/rules/test_custody.py::test_free_collateral_is_the_published_one",
        ("CUST-2",),
    ),
    OutsideCheck(
        Outside.PUBLISHED_FORMULA,
        "tests/rules/test_fees.py::test_fees_are_those_of_decimal_arithmetic",
        ("FEE-1", "FEE-2"),
    ),
    OutsideCheck(
        Outside.PUBLISHED_VALUES,
        "tests/rules/test_fees.py::test_a_published_fee_tier_gives_the_published_amounts",
        ("FEE-1", "FEE-2"),
    ),
    OutsideCheck(
        Outside.PUBLISHED_FORMULA,
        "tests/rules/test_funding.py::test_the_payment_is_the_published_formula_rounded_once",
        ("FUND-2", "FUND-3"),
    ),
    OutsideCheck(
        Outside.YARDSTICK,
        "tests/yardsticks/test_liquidation.py::test_each_case_agrees_or_differs_on_purpose",
        ("LIQ-4", "LIQ-5", "MARGIN-8", "MARGIN-10", "TRADE-2"),
    ),
    OutsideCheck(
        Outside.PUBLISHED_FORMULA,
        "tests/rules/test_liquidation.py::test_the_bankruptcy_quote_is_starkexs_two_sided_inequality",
        ("LIQ-4",),
    ),
    OutsideCheck(
        Outside.YARDSTICK,
        "tests/yardsticks/test_margin.py::test_each_example_passes_or_differs_on_purpose",
        ("MARGIN-1", "MARGIN-4", "MARGIN-5", "MARGIN-8", "MARGIN-10"),
    ),
    OutsideCheck(
        Outside.PUBLISHED_VALUES,
        "tests/rules/test_margin.py::test_the_scan_risk_of_cmes_span_examples",
        ("MARGIN-2", "MARGIN-2.3", "MARGIN-2.5"),
    ),
    OutsideCheck(
        Outside.PUBLISHED_FORMULA,
        "tests/rules/test_margin.py::"
        "test_the_risk_of_linear_instruments_is_net_exposure_at_its_rate_plus_the_spread_charge_of_every_lot",
        ("MARGIN-1", "MARGIN-3", "MARGIN-3.2", "MARGIN-4"),
    ),
    OutsideCheck(
        Outside.PUBLISHED_FORMULA,
        "tests/rules/test_margin.py::test_the_open_interest_term_is_the_published_one_of_dydx",
        ("MARGIN-6",),
    ),
    OutsideCheck(
        Outside.PUBLISHED_FORMULA,
        "tests/rules/test_trading.py::test_realised_profit_is_that_of_the_average_cost_method_within_one_quantum",
        ("TRADE-3", "TRADE-4"),
    ),
    OutsideCheck(
        Outside.PUBLISHED_FORMULA,
        f"{_FORMULAS}::test_the_builders_share_is_that_of_eip_1559",
        ("BASE-8",),
    ),
    OutsideCheck(
        Outside.PUBLISHED_FORMULA,
        f"{_FORMULAS}::test_what_a_transaction_costs_is_that_of_eip_4844",
        ("BASE-9",),
    ),
    OutsideCheck(
        Outside.PUBLISHED_FORMULA,
        f"{_FORMULAS}::test_a_position_alone_needs_its_notional_at_its_rate",
        ("MARGIN-2.2",),
    ),
    OutsideCheck(
        Outside.PUBLISHED_FORMULA,
        f"{_FORMULAS}::test_what_is_left_of_a_replaced_order_is_leaves_quantity_of_fix",
        ("TRADE-13",),
    ),
    OutsideCheck(
        Outside.PUBLISHED_FORMULA,
        f"{_FORMULAS}::test_the_gas_use_towards_a_fee_is_what_a_search_through_every_gas_use_finds",
        ("BASE-2",),
    ),
    OutsideCheck(
        Outside.PUBLISHED_FORMULA,
        f"{_FORMULAS}::test_lots_that_are_added_lose_what_a_scan_of_the_whole_portfolio_from_nothing_finds",
        ("MARGIN-2.4",),
    ),
    OutsideCheck(
        Outside.PUBLISHED_PRACTICE,
        f"{_PRACTICE}::test_a_block_is_final_once_the_op_stack_has_read_it_at_some_head",
        ("BASE-10",),
    ),
    OutsideCheck(
        Outside.PUBLISHED_PRACTICE,
        f"{_PRACTICE}::test_a_forced_limit_is_the_nearest_price_that_the_venue_allows",
        ("CUST-5",),
    ),
    OutsideCheck(
        Outside.PUBLISHED_PRACTICE,
        f"{_PRACTICE}::test_a_price_is_outside_the_band_where_it_fails_binances_percent_price",
        ("TRADE-5", "TRADE-5.2", "TRADE-5.3", "TRADE-5.5"),
    ),
    OutsideCheck(
        Outside.PUBLISHED_PRACTICE,
        f"{_PRACTICE}::test_a_forced_request_is_overdue_when_arbitrum_would_force_it",
        ("CUST-9", "CUST-9.2"),
    ),
    OutsideCheck(
        Outside.PUBLISHED_PRACTICE,
        f"{_PRACTICE}::test_an_outage_is_charged_as_on_mango",
        ("FUND-4",),
    ),
    OutsideCheck(
        Outside.PUBLISHED_PRACTICE,
        f"{_PRACTICE}::test_a_haircut_takes_the_loss_and_no_more_from_gains_in_proportion",
        ("LIQ-3", "LIQ-3.2"),
    ),
    OutsideCheck(
        Outside.PUBLISHED_PRACTICE,
        f"{_PRACTICE}::test_a_liquidation_slips_no_further_than_a_market_close_of_hyperliquid",
        ("LIQ-6", "LIQ-6.2", "LIQ-6.3"),
    ),
    OutsideCheck(
        Outside.PUBLISHED_PRACTICE,
        f"{_PRACTICE}::test_lots_close_against_opposite_positions_as_dydx_deleverages",
        ("LIQ-8",),
    ),
    OutsideCheck(
        Outside.PUBLISHED_PRACTICE,
        f"{_PRACTICE}::test_whoever_stays_in_breach_is_closed_out_as_under_regulation_sho",
        ("LIQ-13", "LIQ-14"),
    ),
    OutsideCheck(
        Outside.PUBLISHED_PRACTICE,
        f"{_PRACTICE}::test_what_expires_today_is_a_tier_of_its_own_as_at_iccl",
        ("EXPIRY-6",),
    ),
    OutsideCheck(
        Outside.PUBLISHED_PRACTICE,
        f"{_PRACTICE}::test_written_lots_count_as_futures_equivalents_of_the_cftc",
        ("MARGIN-6.2",),
    ),
    OutsideCheck(
        Outside.INVARIANTS,
        "tests/monitoring/test_planted_violations.py::"
        "test_a_broken_rule_is_noticed_by_its_invariant_at_the_operation_on_which_it_first_acted",
        ("LIQ-2", "TRADE-7"),
    ),
    OutsideCheck(
        Outside.INVARIANTS,
        "tests/monitoring/test_planted_requests.py::test_a_message_that_gets_another_answer_than_it_must_is_noticed_at_once",
        ("CUST-4",),
    ),
    OutsideCheck(
        Outside.INVARIANTS,
        "tests/monitoring/test_planted_orders.py::test_a_reduce_only_order_larger_than_the_position_is_noticed_at_once",
        ("TRADE-6",),
    ),
    OutsideCheck(
        Outside.INVARIANTS,
        "tests/monitoring/test_planted_expiries.py::"
        "test_risk_that_is_judged_between_an_expiry_and_its_round_is_noticed_at_once",
        ("EXPIRY-3",),
    ),
    OutsideCheck(
        Outside.SECOND_TEXT,
        f"{_PAGE}::test_a_trade_moves_size_cost_and_collateral_as_the_page_says",
        ("TRADE-2", "TRADE-3", "TRADE-4"),
    ),
    OutsideCheck(
        Outside.SECOND_TEXT,
        f"{_PAGE}::test_fees_and_bands_are_those_of_the_page",
        ("FEE-1", "FEE-2", "FEE-3", "TRADE-5", "TRADE-5.2", "TRADE-5.3", "TRADE-5.4"),
    ),
    OutsideCheck(
        Outside.SECOND_TEXT,
        f"{_PAGE}::test_requirements_and_reserves_are_those_of_the_page",
        (
            "MARGIN-1",
            "MARGIN-1.2",
            "MARGIN-2",
            "MARGIN-2.3",
            "MARGIN-2.5",
            "MARGIN-3",
            "MARGIN-3.2",
            "MARGIN-4",
            "MARGIN-5",
            "MARGIN-5.2",
            "MARGIN-7",
            "MARGIN-15",
            "MARGIN-15.2",
            "MARGIN-15.3",
        ),
    ),
    OutsideCheck(
        Outside.SECOND_TEXT,
        f"{_PAGE}::test_an_account_needs_what_the_page_says_over_all_its_underlyings",
        ("MARGIN-3.2", "MARGIN-4", "MARGIN-5"),
    ),
    OutsideCheck(
        Outside.SECOND_TEXT,
        f"{_PAGE}::test_expiry_and_the_round_are_those_of_the_page",
        (
            "EXPIRY-1",
            "FUND-1",
            "FUND-2",
            "FUND-3",
            "LIQ-1",
            "LIQ-3",
            "LIQ-4",
            "LIQ-5",
            "LIQ-6.3",
            "LIQ-7",
            "LIQ-7.2",
            "MARGIN-6",
        ),
    ),
    OutsideCheck(
        Outside.SECOND_TEXT,
        f"{_PAGE}::test_equity_and_what_is_free_are_those_of_the_page",
        ("CUST-2", "MARGIN-8", "MARGIN-9"),
    ),
)


def outside_checks_of(rule_id: str, checks: Iterable[OutsideCheck] = OUTSIDE_CHECKS) -> tuple[OutsideCheck, ...]:
    """The checks that name this very rule: one of another part of it does not count."""
    return tuple(check for check in checks if rule_id in check.rules)

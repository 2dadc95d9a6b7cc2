"""The first state, and two presets of parameters: `minimal`, in which everything is tiny, and `standard`."""

from collections.abc import Sequence

from attrs import evolve
from immutables import Map

from settlespec.arithmetic import PPM
from settlespec.domain.books import EMPTY_BOOK
from settlespec.domain.errors import BadInput
from settlespec.domain.genesis import Genesis as Genesis
from settlespec.domain.instruments import Instrument, InstrumentKind, earliest_expiry
from settlespec.domain.ladder import EMPTY_LADDER
from settlespec.domain.messages import Inbox, Outbox
from settlespec.domain.orders import SelfTrade
from settlespec.domain.parameters import Oracles, Parameters
from settlespec.domain.state import State
from settlespec.machine.markets import revalued_market
from settlespec.machine.signatures import Signer
from settlespec.rules.expiry import near_expiry

ORACLES = 3
"""Oracles of the presets; two of the three sign."""

ORACLE_SEED = 2**63
"""Numbered signers from here on are the presets' oracles; accounts number from zero."""

MAX_VAULT = 2**90
"""Quantums: 1.2e21 collateral units, more than there is money; a 64th of the vault's range, so that what is refused finds room to wait."""


EXPIRY_LEAD = 4 * 3_600_000
"""Milliseconds: `patience` + 1 rounds of the preset `standard`, each as late as `round_deadline` lets its funding count."""


def initial_state(genesis: Genesis) -> State:
    """GENESIS-2: no account, empty books, every market at its first mark."""
    marks = dict(zip((instrument.id for instrument in genesis.instruments), genesis.marks, strict=True))
    arrays = iter(genesis.losses)
    markets = {
        instrument.id: revalued_market(
            instrument,
            marks[instrument.id],
            marks[instrument.reference],
            next(arrays) if instrument.kind.is_option else (),
            near=near_expiry(instrument.expiry, genesis.time, genesis.parameters.expiry_lead),
        )
        for instrument in genesis.instruments
    }
    return State(
        parameters=genesis.parameters,
        clock=genesis.time,
        accounts=Map(),
        holders=EMPTY_LADDER,
        breaches=Map(),
        markets=Map(markets),
        books=Map({instrument.id: EMPTY_BOOK for instrument in genesis.instruments}),
        next_arrival=0,
        insurance=0,
        treasury=0,
        funding_pool=0,
        vault=0,
        inbox=Inbox(Map(), 0, 0, 0),
        outbox=Outbox(Map(), 0, 0),
        next_expiry=earliest_expiry(markets),
        round_number=0,
        marks_time=genesis.time,
        round=None,
    )


def oracles(signer: Signer) -> Oracles:
    """The presets' oracles: `ORACLES` numbered signers, more than half of whom must agree."""
    return Oracles(tuple(signer.key(ORACLE_SEED + place) for place in range(ORACLES)), ORACLES // 2 + 1)


def minimal(signer: Signer) -> Genesis:
    """Everything tiny: two perpetuals at single-digit prices, three orders an account, two rounds of patience."""
    return Genesis(
        Parameters(
            chain=1,
            rollup=1,
            oracles=oracles(signer),
            self_trade=SelfTrade.CANCEL_MAKER,
            initial_factor_ppm=2 * PPM,
            max_age=10_000,
            round_deadline=20_000,
            patience=2,
            max_matches=3,
            max_removals=3,
            max_orders_per_account=3,
            max_orders_per_book=6,
            max_accounts=6,
            max_inbox=4,
            max_vault=1_000_000,
        ),
        (perpetual(1, 1, price_step=1, cap=100, tiny=True), perpetual(2, 1, price_step=1, cap=100, tiny=True)),
        (10, 12),
    )


def standard(
    signer: Signer,
    instruments: Sequence[Instrument] = (),
    marks: Sequence[int] = (),
    time: int = 0,
    losses: Sequence[tuple[int, ...]] = (),
) -> Genesis:
    """A realistic deployment; by default four perpetuals on four underlyings."""
    listed = tuple(instruments) or tuple(perpetual(number, number, price_step=10, cap=10**9) for number in range(1, 5))
    return Genesis(
        Parameters(
            chain=1,
            rollup=1,
            oracles=oracles(signer),
            self_trade=SelfTrade.CANCEL_MAKER,
            initial_factor_ppm=1_500_000,
            max_age=60_000,
            round_deadline=3_600_000,
            patience=3,
            max_matches=64,
            max_removals=256,
            max_orders_per_account=256,
            max_orders_per_book=200_000,
            max_accounts=1_000_000,
            max_inbox=100_000,
            max_vault=MAX_VAULT,
            expiry_lead=EXPIRY_LEAD,
        ),
        listed,
        tuple(marks) or tuple(100_000 for _ in listed),
        time,
        tuple(losses),
    )


PRESETS = {"minimal": minimal, "standard": standard}
"""Presets by name."""


def preset(name: str, signer: Signer) -> Genesis:
    """A preset by its name; an unknown one is bad input."""
    if name not in PRESETS:
        raise BadInput(f"unknown preset {name!r}", field="preset", remedy=f"use one of: {', '.join(PRESETS)}")
    return PRESETS[name](signer)


def perpetual(number: int, underlying: int, *, price_step: int, cap: int, tiny: bool = False) -> Instrument:
    """A perpetual with the terms of the presets.

    Args:
        number, underlying: identifiers.
        price_step: quantums.
        cap: most lots of an order or a position.
        tiny: wide margins and fees that show at single-digit prices.
    """
    return Instrument(
        id=number,
        kind=InstrumentKind.PERPETUAL,
        underlying=underlying,
        reference=number,
        strike=0,
        expiry=0,
        price_step=price_step,
        maintenance_ppm=100_000 if tiny else 30_000,
        basis_ppm=10_000 if tiny else 1_000,
        short_minimum_ppm=0,
        taker_fee_ppm=10_000 if tiny else 500,
        maker_fee_ppm=-5_000 if tiny else -110,
        band_steps=2,
        band_ppm=300_000 if tiny else 50_000,
        funding_cap_ppm=100_000 if tiny else 7_500,
        liquidation_slip_ppm=200_000 if tiny else 50_000,
        liquidation_fee_ppm=15_000 if tiny else 10_000,
        max_price=1_000 if tiny else 2**40 - 1,
        max_order=cap,
        max_position=cap,
        surcharge_from=10 if tiny else 10**7,
        surcharge_to=50 if tiny else 10**8,
        surcharge_ppm=500_000,
    )


def dated_future(number: int, underlying: int, expiry: int, *, price_step: int, cap: int) -> Instrument:
    """A dated future with the terms of the presets' perpetuals; it pays no funding."""
    terms = perpetual(number, underlying, price_step=price_step, cap=cap)
    return evolve(terms, kind=InstrumentKind.FUTURE, expiry=expiry, funding_cap_ppm=0)


def option(
    number: int, kind: InstrumentKind, reference: Instrument, strike: int, expiry: int, *, price_step: int, cap: int
) -> Instrument:
    """A European option on a linear instrument, with the terms of the presets.

    Args:
        number: its identifier.
        kind: call or put.
        reference: what it is written on.
        strike: quantums per lot of the reference.
        expiry: milliseconds.
        price_step: quantums.
        cap: most lots of an order or a position.
    """
    terms = perpetual(number, reference.underlying, price_step=price_step, cap=cap)
    return evolve(
        terms,
        kind=kind,
        reference=reference.id,
        strike=strike,
        expiry=expiry,
        short_minimum_ppm=1_000,
        funding_cap_ppm=0,
        max_price=max(reference.max_price, strike),
    )

"""What a deployment fixes before its first operation."""

from collections.abc import Iterator

from attrs import frozen

from settlespec.arithmetic import PPM
from settlespec.domain.errors import Malformed
from settlespec.domain.instruments import SCENARIOS, Instrument, InstrumentKind
from settlespec.domain.parameters import Parameters
from settlespec.domain.quantities import LOSS, MAX_PRICE, Loss, Milliseconds, Price, ranges


@frozen
class Genesis:
    """GENESIS-1: everything that a deployment fixes: parameters, instruments, their first marks and risk arrays."""

    parameters: Parameters
    instruments: tuple[Instrument, ...]
    """In rising order of their ids."""
    marks: tuple[Price, ...]
    """Quantums per lot, one for each instrument."""
    time: Milliseconds = 0
    """The clock, and the age of the first marks, start here."""
    losses: tuple[tuple[Loss, ...], ...] = ()
    """The first risk array of each option, in the order of the instruments; see `domain.instruments.Quote.losses`."""

    def __attrs_post_init__(self) -> None:
        for fault in faults(self):
            raise fault


def faults(genesis: Genesis) -> Iterator[Malformed]:
    """GENESIS-1.2: why no machine can start from it; the first one is what is refused."""
    names = [instrument.id for instrument in genesis.instruments]
    if names != sorted(set(names)):
        yield Malformed("the instruments do not stand in rising order of their ids, each once", field="instruments")
    if len(genesis.marks) != len(names):
        yield Malformed(f"{len(genesis.marks)} marks for {len(names)} instruments", field="marks")
    listed = dict(zip(names, genesis.instruments, strict=True))
    scans: dict[int, int] = {}
    for place, instrument in enumerate(genesis.instruments):
        if genesis.marks[place] > instrument.max_price:
            problem = f"instrument {instrument.id}: the first mark is above max_price"
            yield Malformed(problem, field=f"marks[{place}]")
        found = (
            *term_faults(instrument),
            *date_faults(instrument, genesis.time),
            *option_faults(instrument, listed),
            *scan_faults(instrument, scans.setdefault(instrument.underlying, instrument.maintenance_ppm)),
            *range_faults(instrument),
        )
        for field, problem in found:
            yield Malformed(f"instrument {instrument.id}: {problem}", field=f"instruments[{place}].{field}")
    options = [instrument.id for instrument in genesis.instruments if instrument.kind.is_option]
    if len(genesis.losses) != len(options):
        problem = f"{len(genesis.losses)} risk arrays for {len(options)} options"
        yield Malformed(
            problem, field="losses", remedy="give each option its first array, in the order of the instruments"
        )
    for place, (name, losses) in enumerate(zip(options, genesis.losses, strict=True)):
        if len(losses) != SCENARIOS:
            problem = f"instrument {name}: a risk array of {len(losses)} losses"
            yield Malformed(problem, field=f"losses[{place}]", remedy=f"state {SCENARIOS}, one for each scenario")


def term_faults(instrument: Instrument) -> Iterator[tuple[str, str]]:
    """Terms by which a rule would have no answer, each with its field."""
    if not 0 <= instrument.surcharge_from < instrument.surcharge_to:
        yield "surcharge_to", "surcharge_to is not above surcharge_from"
    if instrument.price_step > instrument.max_price:
        yield "price_step", "no multiple of the price step is within max_price"
    if instrument.band_steps < 0:
        yield "band_steps", "band_steps is negative"
    if instrument.band_steps > MAX_PRICE:
        yield "band_steps", "band_steps is more than any price has"
    if instrument.basis_ppm == 0:
        yield "basis_ppm", "basis_ppm is 0, so that a spread would need no margin"
    if instrument.maker_fee_ppm + instrument.taker_fee_ppm < 0:
        yield "maker_fee_ppm", "the rebate is more than the taker's fee"


def range_faults(instrument: Instrument) -> Iterator[tuple[str, str]]:
    """Terms outside of what their types declare: no wire has such a record."""
    for name, low, high in ranges(Instrument):
        if not low <= getattr(instrument, name) <= high:
            yield name, f"{name} is not within {low} to {high}"


def scan_faults(instrument: Instrument, scan: int) -> Iterator[tuple[str, str]]:
    """GENESIS-1.3: an underlying has one scan range.

    The scenarios of all its instruments are the same moves, or their losses could not be added up.

    Args:
        scan: the scan range of the underlying's first instrument.
    """
    if instrument.maintenance_ppm != scan:
        yield "maintenance_ppm", f"the scan range is not that of underlying {instrument.underlying}, {scan} ppm"


def farthest_price(reference: Instrument) -> int:
    """GENESIS-1.4: the highest price that a scenario moves a reference to, in the unit of a loss, which it may not exceed.

    So a loss that is held within the bounds of its option (MARGIN-15) is one that can be written down.
    """
    return 3 * reference.max_price * (PPM + 3 * reference.maintenance_ppm)


def date_faults(instrument: Instrument, time: Milliseconds) -> Iterator[tuple[str, str]]:
    """An expiry that a perpetual has, or that a dated instrument has not or has behind it."""
    if not instrument.kind.is_dated:
        if instrument.expiry:
            yield "expiry", "a perpetual has no expiry"
        return
    if instrument.expiry == 0:
        yield "expiry", f"a {instrument.kind.value} has an expiry"
    elif instrument.expiry <= time:
        yield "expiry", f"the expiry {instrument.expiry} is not after the start, {time}"
    if instrument.funding_cap_ppm:
        yield "funding_cap_ppm", "only a perpetual pays funding"


def option_faults(instrument: Instrument, listed: dict[int, Instrument]) -> Iterator[tuple[str, str]]:
    """What an option is written on, what it may pay, and that no other instrument has such terms."""
    if not instrument.kind.is_option:
        if instrument.strike:
            yield "strike", f"a {instrument.kind.value} has no strike"
        if instrument.short_minimum_ppm:
            yield "short_minimum_ppm", "only a written option has a short minimum"
        if instrument.reference != instrument.id:
            yield "reference", "the reference of a linear instrument is the instrument itself"
        return
    if not 1 <= instrument.strike <= MAX_PRICE:
        yield "strike", f"the strike {instrument.strike} is not a price from 1 to {MAX_PRICE}"
    reference = listed.get(instrument.reference)
    if reference is None or reference.kind.is_option or reference.underlying != instrument.underlying:
        yield "reference", f"{instrument.reference} is no linear instrument of underlying {instrument.underlying}"
        return
    if reference.kind.is_dated and reference.expiry < instrument.expiry:
        yield "reference", f"the reference {reference.id} expires before the option"
    if farthest_price(reference) > LOSS.high:
        yield (
            "reference",
            f"the farthest scenario of the reference {reference.id} is beyond any loss that can be stated",
        )
    # A call pays at most what the underlying can be worth, a put its strike: a payoff is never beyond the cap.
    most = reference.max_price if instrument.kind is InstrumentKind.CALL else instrument.strike
    if instrument.max_price < most:
        yield "max_price", f"the cap {instrument.max_price} is below what the option can pay, {most}"

"""From the quotes of an option chain to a mark and a volatility for every option, by rules that are counted.

The forward of an expiry comes from the caller, or from the file, or from put-call parity.
This exchange knows no interest: where parity shows that prices are discounted, they are divided by the discount first.
A mark is the mid or the close; without a bid it is half the ask; what is crossed, empty or explained by no volatility gets the volatility
of its neighbours and the price that follows from it.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from math import sqrt
from pathlib import Path
from typing import Final

from attrs import frozen

from settlespec.arithmetic import PPM
from settlespec.domain.errors import BadInput
from settlespec.domain.quantities import Milliseconds
from settlespec.flows.fields import Place
from settlespec.risk.arrays import YEAR, OptionTerms, Scan, default_losses
from settlespec.risk.black76 import Right, Unpriced, implied_volatility, value
from settlespec.risk.chain_files import HIGHEST, ChainQuote, chain_quotes
from settlespec.risk.elementary import logarithm
from settlespec.risk.parity import Pairs, implied_discount, implied_forward

MAX_OPTIONS: Final = 2**16
"""Options of one chain: seven times the largest in the data."""

MAX_ROWS: Final = 2**20
"""Rows, where a chain quotes an option more than once."""

LONGEST: Final = 100 * YEAR

FLOOR: Final = 0.01
"""The smallest volatility that is believed: a quote at its intrinsic value explains 0."""

CAP: Final = 5.0
"""The largest volatility that is believed."""


class Origin(StrEnum):
    """How an option came by its mark and its volatility."""

    MID = "mid of bid and ask"
    CLOSE = "closing price"
    HALF_ASK = "no bid: half the ask"
    STATED = "volatility stated by the venue"
    CROSSED = "crossed: the quote is dropped, volatility of the neighbours"
    NO_ASK = "no ask: volatility of the neighbours"
    NO_QUOTE = "neither bid nor ask: volatility of the neighbours"
    BELOW_INTRINSIC = "price below the intrinsic value: volatility of the neighbours"
    ABOVE_BOUND = "price above what any volatility gives: volatility of the neighbours"
    UNBELIEVED = "volatility outside of floor and cap: held at them"


UNEXPLAINED: Final = {
    Unpriced.BELOW_INTRINSIC: Origin.BELOW_INTRINSIC,
    Unpriced.ABOVE_BOUND: Origin.ABOVE_BOUND,
}
"""The reasons that are left when forward, strike and time are in their ranges and time is left."""


class ForwardOrigin(StrEnum):
    """How an expiry came by its forward."""

    GIVEN = "given by the caller"
    STATED = "stated in the file"
    PARITY = "put-call parity"
    NEIGHBOUR = "no strike with call and put: the forward of the nearest expiry"


@frozen
class ChainOption:
    """One option of the table."""

    line: int
    expiry: Milliseconds
    strike: float
    right: Right
    mark: float
    """In the units of the file, undiscounted."""
    volatility: float
    """A year."""
    origin: Origin


@frozen
class Chain:
    """A chain at one time."""

    time: Milliseconds
    forwards: Mapping[Milliseconds, float]
    """By expiry."""
    forward_origins: Mapping[Milliseconds, ForwardOrigin]
    discounts: Mapping[Milliseconds, float]
    """By expiry: what the prices of the file were divided by."""
    options: tuple[ChainOption, ...]
    superseded: int
    """Rows that a later row of the same option replaced."""

    @property
    def counts(self) -> Mapping[Origin, int]:
        """How many options came by their marks in each way."""
        return Counter(option.origin for option in self.options)


def read_chain(path: Path, time: Milliseconds | None = None, forward: float | None = None) -> Chain:
    """Every option of a chain with a mark and a volatility.

    Args:
        path: a file in one of the formats of `chain_files`.
        time: of the quotes, for a file that does not say it; expiries are at the same time of their days.
        forward: of the underlying, for a file from which none can be implied.

    Raises:
        BadInput: a row is refused, an option has expired or stands twice, or nothing says what the time or the forward is.
        OSError: the file is missing or may not be read.
    """
    file = str(path)
    quotes, superseded = _latest(path, file)
    if not quotes:
        raise Place(file, 1).refused("no options", remedy="give a chain with at least one row")
    at = _time(quotes, time, file)
    for quote in quotes:
        if quote.expiry <= at:
            raise Place(file, quote.line).refused("the option has expired", "expiry", "give the time of the quotes")
        if quote.expiry - at > LONGEST:
            raise Place(file, quote.line).refused("an expiry in more than a century", "expiry", "mend the day")
    pairs = _pairs(quotes)
    forwards, origins = _forwards(quotes, pairs, forward, file)
    discounts = {expiry: implied_discount(pairs.get(expiry, {}), forwards[expiry]) for expiry in forwards}
    terms = {expiry: _Terms(forwards[expiry], discounts[expiry], (expiry - at) / YEAR) for expiry in forwards}
    return Chain(at, forwards, origins, discounts, tuple(_table(quotes, terms)), superseded)


def option_losses(chain: Chain, option: ChainOption, quantums: int, scan: Scan) -> tuple[int, ...]:
    """The default array of an option of the table, as if it were listed here.

    Args:
        chain: the table.
        option: one of its options.
        quantums: per lot for one point of the file's prices; a mark is at least one quantum.
        scan: how far the scenarios go.

    Raises:
        BadInput: a figure leaves its range, which says that `quantums` is too large or too small.
    """
    strike, mark, forward = (
        round(figure * quantums) for figure in (option.strike, option.mark, chain.forwards[option.expiry])
    )
    terms = OptionTerms(option.right, strike, option.expiry)
    return default_losses(terms, max(mark, 1), forward, round(option.volatility * PPM), chain.time, scan)


def _latest(path: Path, file: str) -> tuple[list[ChainQuote], int]:
    """One quote an option, in the order of the file; a later time replaces an earlier one."""
    found: dict[tuple[Milliseconds, float, Right], ChainQuote] = {}
    rows = 0
    for quote in chain_quotes(path):
        rows += 1
        place = Place(file, quote.line)
        name = (quote.expiry, quote.strike, quote.right)
        before = found.get(name)
        if before is not None and (quote.time is None or before.time is None):
            raise place.refused(f"the option of line {before.line} again", "strike", "give each option once")
        if before is None and len(found) == MAX_OPTIONS:
            raise place.refused(f"more than {MAX_OPTIONS:,} options", remedy="cut the chain")
        if rows > MAX_ROWS:
            raise place.refused(f"more than {MAX_ROWS:,} rows", remedy="cut the chain")
        if before is None or (quote.time or 0) >= (before.time or 0):
            found[name] = quote
    return list(found.values()), rows - len(found)


def _time(quotes: Iterable[ChainQuote], time: Milliseconds | None, file: str) -> Milliseconds:
    stated = [quote.time for quote in quotes if quote.time is not None]
    if time is not None:
        return time
    if not stated:
        raise BadInput("the file does not say when it was quoted", file=file, field="time", remedy="state the time")
    return max(stated)


def _forwards(
    quotes: list[ChainQuote], pairs: Mapping[Milliseconds, Pairs], given: float | None, file: str
) -> tuple[dict[Milliseconds, float], dict[Milliseconds, ForwardOrigin]]:
    expiries = sorted({quote.expiry for quote in quotes})
    first = quotes[0]
    for quote in quotes:
        if quote.underlying != first.underlying:
            problem = f"an underlying of {quote.underlying}, and of {first.underlying} on line {first.line}"
            raise Place(file, quote.line).refused(problem, "underlying_close", "give one underlying a file")
    stated = given if given is not None else first.underlying
    if stated is not None:
        # What is no number fails this comparison too.
        if not 1 / HIGHEST <= stated <= HIGHEST:
            raise BadInput(f"a forward of {stated}", file=file, field="forward", remedy="give a positive price")
        origin = ForwardOrigin.STATED if given is None else ForwardOrigin.GIVEN
        return dict.fromkeys(expiries, stated), dict.fromkeys(expiries, origin)
    implied = {}
    for expiry, prices in pairs.items():
        found = implied_forward(prices)
        if found is not None and 1 / HIGHEST <= found <= HIGHEST:
            implied[expiry] = found
    if not implied:
        raise BadInput(
            "no strike has prices of a call and a put", file=file, field="forward", remedy="state the forward"
        )
    forwards, origins = {}, {}
    for expiry in expiries:
        nearest = _nearest(implied, expiry)
        forwards[expiry] = implied[nearest]
        origins[expiry] = ForwardOrigin.PARITY if nearest == expiry else ForwardOrigin.NEIGHBOUR
    return forwards, origins


def _nearest(expiries: Iterable[Milliseconds], wanted: Milliseconds) -> Milliseconds:
    """The expiry nearest in time, the earlier of two."""
    _, nearest = min((abs(expiry - wanted), expiry) for expiry in expiries)
    return nearest


def _pairs(quotes: Iterable[ChainQuote]) -> dict[Milliseconds, Pairs]:
    """Prices of call and put where both have one that is two-sided or a close."""
    prices: dict[Milliseconds, dict[float, dict[Right, float]]] = {}
    for quote in quotes:
        origin, quoted = quality(quote)
        if quoted is not None and origin is not Origin.HALF_ASK:
            prices.setdefault(quote.expiry, {}).setdefault(quote.strike, {})[quote.right] = quoted
    return {
        expiry: {
            strike: (pair[Right.CALL], pair[Right.PUT]) for strike, pair in strikes.items() if len(pair) == len(Right)
        }
        for expiry, strikes in prices.items()
    }


def quality(quote: ChainQuote) -> tuple[Origin, float | None]:
    """What a quote is worth: how its price was found, and the price where there is one."""
    if quote.volatility is not None:
        return Origin.STATED, None
    if quote.close is not None:
        return Origin.CLOSE, quote.close
    bid, ask = quote.bid or 0.0, quote.ask or 0.0
    if ask == 0.0:
        return (Origin.NO_QUOTE if bid == 0.0 else Origin.NO_ASK), None
    if bid > ask:
        return Origin.CROSSED, None
    if bid == 0.0:
        return Origin.HALF_ASK, ask / 2
    return Origin.MID, (bid + ask) / 2


@frozen
class _Terms:
    """What all options of one expiry share."""

    forward: float
    discount: float
    years: float


def _table(quotes: list[ChainQuote], terms: Mapping[Milliseconds, _Terms]) -> Iterator[ChainOption]:
    explained = [_explained(quote, terms[quote.expiry]) for quote in quotes]
    smiles = _smiles(quotes, explained, terms)
    for quote, (origin, mark, volatility) in zip(quotes, explained, strict=True):
        shared = terms[quote.expiry]
        if volatility is None:
            volatility = _neighbouring(smiles, quote.expiry, logarithm(quote.strike / shared.forward))
        if mark is None:
            mark = value(quote.right, shared.forward, quote.strike, volatility * sqrt(shared.years))
        yield ChainOption(quote.line, quote.expiry, quote.strike, quote.right, mark, volatility, origin)


def _explained(quote: ChainQuote, terms: _Terms) -> tuple[Origin, float | None, float | None]:
    """How the option comes by its figures, its mark and its volatility, as far as its own quote says."""
    origin, quoted = quality(quote)
    volatility = quote.volatility
    if quoted is not None:
        quoted /= terms.discount
        found = implied_volatility(quote.right, quoted, terms.forward, quote.strike, terms.years)
        if isinstance(found, Unpriced):
            return UNEXPLAINED[found], None, None
        volatility = found
    if volatility is not None and not FLOOR <= volatility <= CAP:
        return Origin.UNBELIEVED, None, min(max(volatility, FLOOR), CAP)
    return origin, quoted, volatility


def _smiles(
    quotes: list[ChainQuote],
    explained: list[tuple[Origin, float | None, float | None]],
    terms: Mapping[Milliseconds, _Terms],
) -> dict[Milliseconds, list[tuple[float, float]]]:
    """Volatilities by log-moneyness for each expiry; where call and put explain one, that of the option out of the money."""
    found: dict[Milliseconds, dict[float, float]] = {}
    for quote, (origin, _, volatility) in zip(quotes, explained, strict=True):
        if volatility is None or origin is Origin.UNBELIEVED:
            continue
        moneyness = logarithm(quote.strike / terms[quote.expiry].forward)
        smile = found.setdefault(quote.expiry, {})
        if moneyness not in smile or quote.right * moneyness >= 0.0:
            smile[moneyness] = volatility
    return {expiry: sorted(smile.items()) for expiry, smile in found.items()}


def _neighbouring(
    smiles: Mapping[Milliseconds, list[tuple[float, float]]], expiry: Milliseconds, moneyness: float
) -> float:
    """Linear between the neighbouring strikes, flat beyond them; by the nearest expiry that has any, and the floor if none has."""
    if not smiles:
        return FLOOR
    smile = smiles[_nearest(smiles, expiry)]
    place = bisect_left(smile, (moneyness, 0.0))
    if place == 0 or place == len(smile):
        return smile[min(place, len(smile) - 1)][1]
    (left, low), (right, high) = smile[place - 1], smile[place]
    return low + (high - low) * (moneyness - left) / (right - left)

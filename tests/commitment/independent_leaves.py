"""A second decoder, written from docs/batches.md alone: it shares no code with the project, so what both read is on the page.

This is the part on leaves and the numbers in them. Records are plain dictionaries, places of leaves are tuples (part, book, key).
"""

from collections.abc import Iterator, Mapping
from itertools import accumulate
from typing import Any

IDENTIFIER, TIME, LOTS, AMOUNT, ANY = 2**64 - 1, 2**53 - 1, 2**40 - 1, 2**96 - 1, 2**192 - 1

Place = tuple[int, int, int]
Holdings = tuple[bytes, int, dict[int, int]]
"""Owner, cash, lots by instrument."""
PERPETUAL, FUTURE, CALL, PUT = range(4)
MOVES = (0, 0, 1, 1, -1, -1, 2, 2, -2, -2, 3, 3, -3, -3, 9, -9)
SCALE = 3_000_000


class Bad(Exception):
    """Not an encoding."""


class Stream:
    """Bytes that are read from the front."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def take(self, length: int) -> bytes:
        if length > len(self.data) - self.at:
            raise Bad("too short")
        self.at += length
        return self.data[self.at - length : self.at]

    def uint(self, highest: int = IDENTIFIER) -> int:
        value = shift = 0
        while True:
            byte = self.take(1)[0]
            value += (byte % 128) << shift
            shift += 7
            if byte < 128:
                break
            if shift > 210:
                raise Bad("too wide")
        if (byte == 0 and shift > 7) or value > highest:
            raise Bad("a spare zero, or out of range")
        return value

    def signed(self) -> int:
        folded = self.uint(ANY)
        return folded // 2 if folded % 2 == 0 else -(folded + 1) // 2

    def flag(self) -> bool:
        return self.uint(1) == 1

    def text(self) -> bytes:
        return self.take(self.uint(len(self.data)))

    def count(self) -> int:
        return self.uint(len(self.data) - self.at)

    def rising(self, highest: int = IDENTIFIER) -> Iterator[int]:
        """The keys of a list with gaps; the rest of each entry is read between two of them."""
        key = -1
        for _ in range(self.count()):
            key += self.uint(highest) + 1
            if key > highest:
                raise Bad("a key past its range")
            yield key

    def losses(self) -> tuple[int, ...]:
        """What a lot of an option loses in the scenarios."""
        found = tuple(accumulate(self.signed() for _ in range(16)))
        if any(abs(loss) >= 2**63 for loss in found):
            raise Bad("a loss past its range")
        return found

    def quote(self, is_option: bool) -> tuple[int, int, tuple[int, ...]]:
        """What stands in a QUOTES leaf and in the quotes of a begun round."""
        mark, rate = self.uint(LOTS), self.signed()
        if not mark or abs(rate) > 10**9:
            raise Bad("no such quote")
        return mark, rate, self.losses() if is_option else ()

    def end(self) -> None:
        if self.at != len(self.data):
            raise Bad("something is left over")


def scalars(data: bytes) -> list[int]:
    """The sixteen numbers in the order of the page."""
    stream = Stream(data)
    numbers = [stream.uint(ANY) for _ in range(12)] + [stream.uint(2**63 - 1) for _ in range(2)]
    numbers += [stream.uint(TIME), stream.signed()]
    stream.end()
    return numbers


def message(data: bytes) -> dict[str, Any]:
    """An INBOX leaf."""
    stream = Stream(data)
    found: dict[str, Any] = {"time": stream.uint(TIME), "kind": stream.uint(2)}
    found |= {"account": stream.uint(), "key": stream.take(32)}
    if found["kind"] == 2:
        found |= {"instrument": stream.uint(), "buys": stream.flag()}
        found |= {"size": stream.uint(LOTS), "price": stream.uint(LOTS)}
    else:
        found["amount"] = stream.uint(AMOUNT)
    if 0 in (found.get("size"), found.get("price"), found.get("amount")):
        raise Bad("a message of nothing")
    stream.end()
    return found


def holdings(data: bytes) -> Holdings:
    stream = Stream(data)
    owner, cash = stream.take(32), stream.signed()
    lots = {instrument: stream.signed() for instrument in stream.rising()}
    stream.end()
    if 0 in lots.values():
        raise Bad("a position of no lots")
    return owner, cash, lots


def market(data: bytes, kind: int, strike: int, scan: int, reference: int) -> dict[str, Any]:
    """A MARKETS leaf of an instrument with these terms; of an option the mark of its reference is another leaf's."""
    stream = Stream(data)
    found: dict[str, Any] = {"mark": stream.uint(LOTS), "surcharge": stream.uint(10**9), "index": stream.signed()}
    found |= {"interest": stream.uint(ANY), "orders": stream.uint(2**63 - 1)}
    found |= {"settlement": stream.uint(LOTS) if kind else 0, "expired": stream.flag() if kind else False}
    found["losses"] = stream.losses() if kind in (CALL, PUT) and not found["expired"] else ()
    stream.end()
    if found["expired"]:
        value = found["settlement"]
        payoff = {FUTURE: value, CALL: max(0, value - strike), PUT: max(0, strike - value)}[kind]
        if not value or found["mark"] != payoff or found["surcharge"]:
            raise Bad("no such expired market")
    elif not found["mark"]:
        raise Bad("a mark of nothing")
    for place, loss in enumerate(found["losses"]):
        low, high = bounds(place, kind, strike, reference * (SCALE + scan * MOVES[place]), found["mark"])
        if not low <= loss <= high:
            raise Bad("a loss outside of its bounds")
    return found


def bounds(place: int, kind: int, strike: int, price: int, mark: int) -> tuple[int, int]:
    """Between what a long lot of an option loses in a scenario after which the underlying is at this price."""
    price, fixed = max(0, price), SCALE * strike
    least, most = (max(0, price - fixed), price) if kind == CALL else (max(0, fixed - price), fixed)
    share = 3 if place >= 14 else 1
    return (SCALE * mark - most) // share, (SCALE * mark - least) // share


def quote(data: bytes, is_option: bool) -> tuple[int, int, tuple[int, ...]]:
    """A QUOTES leaf."""
    stream = Stream(data)
    found = stream.quote(is_option)
    stream.end()
    return found


def owners(leaves: Mapping[tuple[int, int, int], bytes], part: int) -> dict[int, Holdings]:
    """Everybody's holdings in a map of leaves."""
    return {account: holdings(value) for (each, _, account), value in leaves.items() if each == part}

"""A second decoder, written from docs/batches.md alone: it shares no code with the project, so what both read is on the page.

Records are plain dictionaries, places of leaves are tuples (part, book, key).
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

SCALARS, MARKETS, HOLDINGS, ACCOUNTS = 0, 1, 2, 3
PLACE, CANCEL, REPLACE, WITHDRAW, TRANSFER, RECEIVE, TAKE, TICK, BEGIN, CONTINUE = range(10)
IDENTIFIER, TIME, LOTS, AMOUNT, ANY = 2**64 - 1, 2**53 - 1, 2**40 - 1, 2**96 - 1, 2**192 - 1

Place = tuple[int, int, int]
Holdings = tuple[bytes, int, dict[int, int]]
"""Owner, cash, lots by instrument."""


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

    def end(self) -> None:
        if self.at != len(self.data):
            raise Bad("something is left over")


def scalars(data: bytes) -> list[int]:
    """The fifteen numbers in the order of the page."""
    stream = Stream(data)
    numbers = [stream.uint(ANY) for _ in range(12)] + [stream.uint(2**63 - 1) for _ in range(2)] + [stream.signed()]
    stream.end()
    return numbers


def holdings(data: bytes) -> Holdings:
    stream = Stream(data)
    owner, cash = stream.take(32), stream.signed()
    lots = {instrument: stream.signed() for instrument in stream.rising()}
    stream.end()
    if 0 in lots.values():
        raise Bad("a position of no lots")
    return owner, cash, lots


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


def state_diff(data: bytes) -> dict[Place, bytes | None]:
    stream = Stream(data)
    changes: dict[Place, bytes | None] = {}
    last = (-1, -1)
    for _ in range(stream.count()):
        run = stream.uint(13), stream.uint()
        if run <= last:
            raise Bad("runs do not rise")
        last, known = run, len(changes)
        for key in stream.rising(2**104 - 1):
            length = stream.uint(len(data) + 1)
            changes[(*run, key)] = stream.take(length - 1) if length else None
        if len(changes) == known:
            raise Bad("a run of nothing")
    stream.end()
    return changes


def leaves_after(leaves: Mapping[Place, bytes], diff: bytes) -> dict[Place, bytes]:
    """Every leaf after a batch, from the leaves before and the published state diff."""
    after = dict(leaves)
    for place, value in state_diff(diff).items():
        if after.get(place) == value:
            raise Bad("a change that changes nothing")
        if value is None:
            del after[place]
        else:
            after[place] = value
    return after


def holdings_after(known: Mapping[int, Holdings], diff: bytes) -> dict[int, Holdings]:
    """Everybody's holdings after a batch, from those before and the published exit diff."""
    stream = Stream(diff)
    after = dict(known)
    for account in stream.rising():
        owner, cash, lots = known.get(account) or (stream.take(32), 0, {})
        cash += stream.signed()
        lots = dict(lots)
        for instrument in stream.rising():
            change = stream.signed()
            lots[instrument] = lots.get(instrument, 0) + change
            if change == 0:
                raise Bad("lots that did not change")
        moved = owner, cash, {instrument: size for instrument, size in sorted(lots.items()) if size}
        if known.get(account) == moved:
            raise Bad("an account that did not change")
        after[account] = moved
    stream.end()
    return after


class Log:
    """The operations of a log, read with the context that starts from the leaves before."""

    def __init__(self, leaves: Mapping[Place, bytes], steps: Mapping[int, int], data: bytes) -> None:
        before = scalars(leaves[SCALARS, 0, 0])
        self.clock, self.round = before[0], before[5]
        self.nonces = {key: Stream(value).uint() for (part, _, key), value in leaves.items() if part == ACCOUNTS}
        self.prices = {key: Stream(value).uint(LOTS) for (part, _, key), value in leaves.items() if part == MARKETS}
        self.steps = steps
        self.stream = Stream(data)
        signed = self.stream.flag()
        self.operations = [self.operation() for _ in range(self.stream.count())]
        if signed:
            self.sign()
        self.stream.end()

    def sign(self) -> None:
        for operation in self.operations:
            if "nonce" in operation:
                operation["signature"] = self.stream.text()
            elif "oracles" in operation:
                operation["signatures"] = [self.stream.text() for _ in operation["oracles"]]
        if not any(each.get("signature") or any(each.get("signatures", ())) for each in self.operations):
            raise Bad("no signature has a byte")

    def operation(self) -> dict[str, Any]:
        head = self.stream.uint(ANY)
        tag, terms = head % 16, head // 16
        uint = self.stream.uint
        if tag > CONTINUE or (terms and tag != PLACE) or terms >= 64 or terms // 4 % 4 == 3:
            raise Bad("no such head")
        read: dict[int, Callable[[], dict[str, Any]]] = {
            PLACE: lambda: self.place(terms),
            CANCEL: lambda: self.envelope() | {"instrument": uint(), "client_id": uint()},
            REPLACE: self.replace,
            WITHDRAW: lambda: self.envelope() | {"amount": uint(AMOUNT)},
            TRANSFER: lambda: self.envelope() | {"recipient": uint(), "amount": uint(AMOUNT)},
            RECEIVE: lambda: message(self.stream.text()),
            TAKE: dict,
            TICK: self.tick,
            BEGIN: self.begin,
            CONTINUE: lambda: {"micro_steps": uint()},
        }
        return {"tag": tag} | read[tag]()

    def envelope(self) -> dict[str, Any]:
        account = self.stream.uint()
        self.nonces[account] = self.nonces.get(account, 0) + 1
        return {"account": account, "nonce": self.nonces[account], "valid_until": self.stream.signed() + self.clock}

    def price(self, instrument: int) -> int:
        coded, step = self.stream.signed(), self.steps.get(instrument, 1)
        change = (coded - 1) // 2 if coded % 2 else coded // 2 * step
        price = self.prices.get(instrument, 0) + change
        if (coded % 2 and change % step == 0) or not 0 <= price <= LOTS:
            raise Bad("no such price")
        self.prices[instrument] = price
        return price

    def place(self, terms: int) -> dict[str, Any]:
        market, lifetime, post_only, reduce_only = terms // 2 % 2, terms // 4 % 4, terms // 16 % 2, terms // 32
        found = self.envelope()
        found |= {name: self.stream.uint() for name in ("instrument", "client_id")} | {"size": self.stream.uint(LOTS)}
        found["price"] = 0 if market else self.price(found["instrument"])
        found["good_till"] = 0 if lifetime else self.stream.signed() + self.clock
        if (market and not lifetime) or (post_only and lifetime) or (not market and not found["price"]):
            raise Bad("no such order")
        terms_said = {"buys": terms % 2 == 1, "market": bool(market), "lifetime": lifetime}
        return found | terms_said | {"post_only": bool(post_only), "reduce_only": bool(reduce_only)}

    def replace(self) -> dict[str, Any]:
        found = self.envelope() | {"instrument": self.stream.uint(), "client_id": self.stream.uint()}
        found |= {"size": self.stream.uint(LOTS), "price": self.price(found["instrument"])}
        return found | {"good_till": self.stream.signed() + self.clock}

    def tick(self) -> dict[str, Any]:
        self.clock += self.stream.uint(TIME)
        return {"time": self.clock}

    def begin(self) -> dict[str, Any]:
        self.round += 1
        timestamp = self.clock - self.stream.uint(self.clock)
        quotes = [(name, self.stream.uint(LOTS), self.stream.signed()) for name in self.stream.rising()]
        if any(not quoted or abs(rate) > 10**9 for _, quoted, rate in quotes):
            raise Bad("no such quote")
        oracles = [self.stream.uint() for _ in range(self.stream.count())]
        return {"number": self.round, "timestamp": timestamp, "quotes": quotes, "oracles": oracles}

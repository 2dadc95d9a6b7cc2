"""The part of the second decoder on the bodies of a batch, written from docs/batches.md alone like the other."""

from collections.abc import Callable, Mapping
from typing import Any

from tests.commitment.independent_leaves import (
    AMOUNT,
    ANY,
    LOTS,
    TIME,
    Bad,
    Holdings,
    Place,
    Stream,
    message,
    scalars,
)

SCALARS, MARKETS, HOLDINGS, ACCOUNTS = 0, 1, 2, 3
QUOTES = 14
PLACE, CANCEL, REPLACE, WITHDRAW, TRANSFER, RECEIVE, TAKE, TICK, BEGIN, CONTINUE, FIX = range(11)

Terms = tuple[int, bool, int]
"""Of genesis: an instrument's price step, whether it is an option, its expiry."""


def state_diff(data: bytes) -> dict[Place, bytes | None]:
    stream = Stream(data)
    changes: dict[Place, bytes | None] = {}
    last = (-1, -1)
    for _ in range(stream.count()):
        run = stream.uint(QUOTES), stream.uint()
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

    def __init__(self, leaves: Mapping[Place, bytes], listed: Mapping[int, Terms], data: bytes) -> None:
        before = scalars(leaves[SCALARS, 0, 0])
        self.clock, self.round = before[0], before[5]
        self.nonces = {key: Stream(value).uint() for (part, _, key), value in leaves.items() if part == ACCOUNTS}
        self.prices = {key: Stream(value).uint(LOTS) for (part, _, key), value in leaves.items() if part == MARKETS}
        self.listed = listed
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
        if tag > FIX or (terms and tag != PLACE) or terms >= 64 or terms // 4 % 4 == 3:
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
            FIX: self.fix,
        }
        return {"tag": tag} | read[tag]()

    def envelope(self) -> dict[str, Any]:
        account = self.stream.uint()
        self.nonces[account] = self.nonces.get(account, 0) + 1
        return {"account": account, "nonce": self.nonces[account], "valid_until": self.stream.signed() + self.clock}

    def price(self, instrument: int) -> int:
        coded, (step, *_) = self.stream.signed(), self.listed.get(instrument, (1,))
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

    def terms(self, instrument: int) -> Terms:
        if instrument not in self.listed:
            raise Bad("not listed")
        return self.listed[instrument]

    def begin(self) -> dict[str, Any]:
        self.round += 1
        timestamp = self.clock - self.stream.uint(self.clock)
        quotes = [(name, *self.stream.quote(self.terms(name)[1])) for name in self.stream.rising()]
        return {"number": self.round, "timestamp": timestamp, "quotes": quotes, "oracles": self.oracles()}

    def fix(self) -> dict[str, Any]:
        name = self.stream.uint()
        expiry, value = self.terms(name)[2], self.stream.uint(LOTS)
        if not value:
            raise Bad("a settlement at nothing")
        return {"instrument": name, "expiry": expiry, "value": value, "oracles": self.oracles()}

    def oracles(self) -> list[int]:
        return [self.stream.uint() for _ in range(self.stream.count())]

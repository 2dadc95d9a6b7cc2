"""The digest of a state: the same for equal states, another for unequal ones; a state that contradicts itself is refused."""

import json
from collections.abc import Callable
from hashlib import sha256
from random import Random
from types import NoneType
from typing import Any

import attrs
import pytest
from immutables import Map

from settlespec.domain.errors import Malformed
from settlespec.domain.ladder import EMPTY_LADDER, Ladder
from settlespec.domain.messages import Inbox, Outbox
from settlespec.domain.parameters import Parameters
from settlespec.domain.rounds import Round
from settlespec.domain.state import State
from settlespec.machine.genesis import minimal
from settlespec.machine.signatures import Ideal
from settlespec.wire.states import decode_genesis, decode_state, encode_genesis, encode_state, state_digest
from tests.commitment.dated_walks import CALL, dated_genesis, dated_states
from tests.wire.drawing import passed


def busy() -> State:
    """A state with positions, resting orders and claims, and messages that wait."""

    def fill(state: State) -> int:
        orders = sum(len(book.orders) for book in state.books.values())
        waiting = len(state.inbox.messages)
        return min(orders, 4) + min(len(state.holders), 3) + min(waiting, 2) + min(len(state.outbox.claims), 2)

    return max(passed(seed=5, operations=2_000), key=fill)


BUSY = busy()
IN_ROUND = next(state for state in passed(seed=5, operations=2_000) if state.round is not None)


def permuted(value: Any, random: Random) -> Any:
    """An equal value whose maps and ladders were filled in another order, at every depth."""
    if isinstance(value, Map):
        pairs = [(name, permuted(held, random)) for name, held in value.items()]
        random.shuffle(pairs)
        content: Map[Any, Any] = Map({-1: None})
        for name, held in pairs:
            content = content.set(name, held)
        return content.delete(-1)
    if isinstance(value, Ladder):
        keys = list(value)
        random.shuffle(keys)
        ladder = EMPTY_LADDER
        for key in keys:
            ladder = ladder.insert(key)
        return ladder
    if isinstance(value, tuple):
        return tuple(permuted(held, random) for held in value)
    if attrs.has(type(value)):
        fields = attrs.fields(type(value))
        return type(value)(**{field.name: permuted(getattr(value, field.name), random) for field in fields})
    return value


def test_the_digest_is_the_hash_of_the_canonical_bytes() -> None:
    assert state_digest(BUSY) == sha256(encode_state(BUSY)).digest()


def test_containers_filled_in_any_order_give_the_same_digest() -> None:
    digest = state_digest(BUSY)
    for seed in range(20):
        shuffled = permuted(BUSY, Random(seed))
        assert shuffled is not BUSY
        assert shuffled == BUSY
        assert state_digest(shuffled) == digest


CHANGES: dict[type, Callable[[Any], Any]] = {
    int: lambda value: value + 1,
    Map: lambda value: value.delete(next(iter(value))) if value else value.set(1, 1),
    Parameters: lambda value: attrs.evolve(value, chain=2),
    Inbox: lambda value: attrs.evolve(value, cursor=value.cursor + 1),
    Outbox: lambda value: attrs.evolve(value, next_index=value.next_index + 1),
    Round: lambda value: attrs.evolve(value, micro_steps=value.micro_steps + 1),
    NoneType: lambda _: IN_ROUND.round,
}


@pytest.mark.parametrize("name", [field.name for field in attrs.fields(State) if field.type is not Ladder])
def test_the_digest_changes_with_every_field_but_the_derived_one(name: str) -> None:
    for state in (BUSY, IN_ROUND):
        value = getattr(state, name)
        changed = CHANGES[type(value)](value)
        assert state_digest(attrs.evolve(state, **{name: changed})) != state_digest(state)


def test_the_state_of_the_tests_has_something_of_everything() -> None:
    assert len(BUSY.holders) >= 2
    assert BUSY.outbox.claims
    assert any(book.orders for book in BUSY.books.values())


Content = dict[str, Any]


def first(content: Content) -> Any:
    return content[min(content)]


def owner(state: Content) -> Any:
    """The open orders of some account in some instrument."""
    account = next(account for _, account in sorted(state["accounts"].items()) if account["orders"])
    return first(account["orders"])


def book(state: Content) -> Any:
    return next(found for _, found in sorted(state["books"].items()) if found["orders"])


def holder(state: Content) -> Any:
    return next(account for _, account in sorted(state["accounts"].items()) if account["positions"])


def forget_orders(state: Content) -> None:
    account = next(account for _, account in sorted(state["accounts"].items()) if account["orders"])
    account["orders"] = {}


def disown(state: Content) -> None:
    for order in book(state)["orders"].values():
        order["account"] = "99"


CONTRADICTIONS: dict[str, tuple[Callable[[Content], None], str]] = {
    "a market under another name": (
        lambda state: first(state["markets"])["instrument"].update(id="9"),
        "instrument.id",
    ),
    "a book of nothing": (lambda state: state["books"].update({"9": first(state["books"])}), "books"),
    "an order under another name": (lambda state: first(book(state)["orders"]).update(arrival="999999"), "arrival"),
    "an order with nothing left": (
        lambda state: first(book(state)["orders"]).update(filled=first(book(state)["orders"])["size"]),
        "orders",
    ),
    "an order of nobody": (disown, "books"),
    "totals that are not the book's": (lambda state: owner(state).update(buys="77"), "orders"),
    "names that are not the book's": (lambda state: owner(state)["arrivals"].update({"77": "1"}), "orders"),
    "an account that forgot its orders": (forget_orders, "orders"),
    "an account with orders in an empty book": (
        lambda state: first(state["accounts"])["orders"].update(
            {"9": {"arrivals": {}, "buys": "0", "reduce_only": "0", "sells": "0"}}
        ),
        "orders.9",
    ),
    "a position of no lots": (lambda state: first(holder(state)["positions"]).update(size="0"), "positions"),
    "open interest that nobody holds": (
        lambda state: first(state["books"]).update(open_interest="77"),
        "open_interest",
    ),
    "a claim under another name": (lambda state: first(state["outbox"]["claims"]).update(index="77"), "index"),
    "claims that do not sum": (lambda state: state["outbox"].update(unpaid="1"), "outbox.unpaid"),
    "deposits that do not sum": (lambda state: state["inbox"].update(uncredited="999"), "inbox.uncredited"),
    "a number outside its range": (lambda state: state.update(clock="-1"), "clock"),
    "a threshold that is no majority": (
        lambda state: state["parameters"]["oracles"].update(threshold="1"),
        "parameters.oracles",
    ),
}


@pytest.mark.parametrize("name", CONTRADICTIONS)
def test_a_state_that_contradicts_itself_is_refused_with_its_place(name: str) -> None:
    contradict, place = CONTRADICTIONS[name]
    content = json.loads(encode_state(BUSY))
    contradict(content)
    with pytest.raises(Malformed) as refused:
        decode_state(json.dumps(content, sort_keys=True, separators=(",", ":")).encode())
    assert place in str(refused.value.field)


def test_a_quote_under_another_name_is_refused_with_its_place() -> None:
    state = next(state for state in dated_states() if state.round is not None and CALL in state.round.quotes)
    assert decode_state(encode_state(state)) == state
    content = json.loads(encode_state(state))
    content["round"]["quotes"][str(CALL)]["instrument"] = "1"
    with pytest.raises(Malformed) as refused:
        decode_state(json.dumps(content, sort_keys=True, separators=(",", ":")).encode())
    assert refused.value.field == f"round.quotes.{CALL}.instrument"


def forget(name: str) -> Callable[[Content], None]:
    return lambda genesis: genesis.update({name: genesis[name][:-1]})


def change(place: int, **terms: str) -> Callable[[Content], None]:
    return lambda genesis: genesis["instruments"][place].update(terms)


DATED_GENESES: dict[str, tuple[Callable[[Content], None], str]] = {
    "an option without its first array": (forget("losses"), "losses"),
    "an array of fifteen losses": (lambda genesis: genesis["losses"][1].pop(), "losses[1]"),
    "a loss outside its range": (lambda genesis: genesis["losses"][0].__setitem__(3, str(2**63)), "losses[0][3]"),
    "a future without an expiry": (change(2, expiry="0"), "instruments[2].expiry"),
    "a perpetual with an expiry": (change(0, expiry="9"), "instruments[0].expiry"),
    "a call without a strike": (change(3, strike="0"), "instruments[3].strike"),
    "a put on itself": (change(4, reference="5"), "instruments[4].reference"),
    "a future that pays funding": (change(2, funding_cap_ppm="1"), "instruments[2].funding_cap_ppm"),
    "a put that may pay more than its cap": (change(4, max_price="10"), "instruments[4].max_price"),
}


@pytest.mark.parametrize("name", DATED_GENESES)
def test_a_genesis_of_dated_instruments_that_do_not_fit_is_refused_with_its_place(name: str) -> None:
    contradict, place = DATED_GENESES[name]
    content = json.loads(encode_genesis(dated_genesis()))
    contradict(content)
    with pytest.raises(Malformed) as refused:
        decode_genesis(json.dumps(content, sort_keys=True, separators=(",", ":")).encode())
    assert refused.value.field == place


def test_a_genesis_that_contradicts_itself_is_refused_with_its_place() -> None:
    text = encode_genesis(minimal(Ideal()))
    for good, bad, place in (
        (b'"marks":["10","12"]', b'"marks":["10"]', "marks"),
        (b'"marks":["10","12"]', b'"marks":["10","0"]', "marks[1]"),
        (b'"max_age":"10000"', b'"max_age":"0"', "parameters"),
    ):
        assert good in text
        with pytest.raises(Malformed) as refused:
            decode_genesis(text.replace(good, bad))
        assert refused.value.field == place

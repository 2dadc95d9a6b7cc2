"""Every leaf of every state of a run is told in words and numbers, and what is no leaf is told to be none."""

import json
from collections.abc import Iterator

import pytest

from settlespec.commitment.leaves import LeafKey, Part
from settlespec.commitment.parts import encode_number, leaves_of
from settlespec.commitment.round_leaves import encode_breach, encode_task
from settlespec.domain.instruments import InstrumentKind
from settlespec.domain.orders import Side
from settlespec.domain.rounds import Breach, CloseAtMark, Discard, Seize, Settle
from settlespec.domain.state import State
from settlespec.flows.embedded import EmbeddedFlow
from settlespec.flows.minimal import MinimalFlow
from settlespec.flows.session import Session
from settlespec.machine.genesis import initial_state
from settlespec.machine.signatures import Ideal
from settlespec.oracle.leaf_words import Listed, leaf_in_numbers, leaf_in_words, leaf_name


@pytest.fixture(scope="module")
def listed() -> Listed:
    return {terms.id: terms for terms in EmbeddedFlow().genesis(Ideal()).instruments}


@pytest.fixture(scope="module")
def met() -> dict[Part, tuple[LeafKey, bytes]]:
    """A leaf of each part, the last one of a walk at random."""
    return {leaf.part: (leaf, data) for state in states() for leaf, data in leaves_of(state)}


def states() -> Iterator[State]:
    signer = Ideal()
    flow = MinimalFlow(1)
    session = Session(flow.genesis(signer), signer)
    for place, operation in enumerate(flow.operations(session)):
        session.submit(operation)
        if place % 40 == 0 or session.state.round is not None:
            yield session.state


def test_a_leaf_of_every_part_is_told(met: dict[Part, tuple[LeafKey, bytes]], listed: Listed) -> None:
    assert met.keys() == set(Part)
    for leaf, data in met.values():
        said = leaf_in_words(leaf, data, listed)
        assert said.startswith(leaf_name(leaf))
        assert "bytes" not in said
        told = leaf_in_numbers(leaf, data, listed)
        assert (told["value"] is None) == (leaf.part is Part.HOLDERS)
        assert (told["part"], told["key"], told["gone"]) == (leaf.part.name, leaf.key, False)
        assert json.loads(json.dumps(told)) == told
        assert leaf_in_words(leaf, data + b"\0", listed).endswith(" bytes that are no such leaf")
        assert leaf_in_words(leaf, None, listed) == f"{leaf_name(leaf)} is gone"
        assert leaf_in_numbers(leaf, None, listed)["gone"] is True


def test_a_market_says_its_mark_its_open_interest_and_what_its_lots_lose(listed: Listed) -> None:
    state = initial_state(EmbeddedFlow().genesis(Ideal()))
    leaves = dict(leaves_of(state))
    for name, market in state.markets.items():
        leaf = LeafKey(Part.MARKETS, 0, name)
        said, told = leaf_in_words(leaf, leaves[leaf], listed), leaf_in_numbers(leaf, leaves[leaf], listed)["value"]
        kind = listed[name].kind
        assert said.startswith(f"markets {name}, {kind.value}")
        assert f": mark {market.mark:,}, open interest 0 lots, 0 resting orders" in said
        assert told["mark"] == market.mark
        option = kind in (InstrumentKind.CALL, InstrumentKind.PUT)
        assert tuple(told["losses"]) == (market.risk.losses if option else ())
        assert ("losses of a long lot by scenario" in said) == option
        assert leaf_in_words(leaf, leaves[leaf], {}).endswith("bytes, told with the deployment's genesis only")
    elsewhere = LeafKey(Part.MARKETS, 0, 999)
    assert leaf_in_words(elsewhere, b"\1\0\0\0\0", listed) == "markets 999: 5 bytes that are no such leaf"


@pytest.mark.parametrize(
    ("part", "data", "said"),
    [
        (Part.TASKS, encode_task(5), "account 5"),
        (Part.TASKS, encode_task(Seize(5)), "the orders of account 5 are cancelled"),
        (
            Part.TASKS,
            encode_task(CloseAtMark(5, 2, 7, 1_000)),
            "1,000 lots of account 5 in instrument 2 close at the mark against account 7",
        ),
        (Part.TASKS, encode_task(Settle(5)), "the insurance fund settles account 5"),
        (Part.TASKS, encode_task(Discard(2, Side.BUY, 4_000, 9)), "the bid 9 at 4,000 of instrument 2 is discarded"),
        (Part.TASKS, encode_task(Discard(2, Side.SELL, 4_000, 9)), "the ask 9 at 4,000 of instrument 2 is discarded"),
        (Part.GAINS, encode_number(1_500), "gained 1,500 quantums"),
        (Part.DEFAULTED, encode_number(8), "account 8"),
        (
            Part.BREACHED,
            encode_breach(Breach(5, -1_200, 3_400, 2)),
            "account 5, equity -1,200, maintenance requirement 3,400, 2 rounds in a row",
        ),
        (Part.HOLDERS, b"", "holds a position"),
    ],
)
def test_what_a_round_lists_is_told_in_words(part: Part, data: bytes, said: str, listed: Listed) -> None:
    assert leaf_in_words(LeafKey(part, 0, 3), data, listed) == f"{part.name.lower()} 3: {said}"

"""Under a root that no state of the machine has, the verifier still answers: it refuses by type, soon, and never otherwise."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from random import Random

import pytest
from attrs import evolve

from settlespec.commitment.encoding import Refused
from settlespec.commitment.hashes import SHA256
from settlespec.commitment.leaves import LeafKey, Part, decode_holdings, encode_holdings
from settlespec.commitment.operation_log import decode_log, encode_log
from settlespec.commitment.partial import partial_state
from settlespec.commitment.parts import ROUND, SCALARS, encode_scalars, leaves_of
from settlespec.commitment.proofs import prove
from settlespec.commitment.round_leaves import encode_round
from settlespec.commitment.state_tree import BITS, TreeLeaves, tree_key
from settlespec.commitment.tree import Tree
from settlespec.commitment.witness import CONTRADICTIONS, Execution, Witness, WitnessRefused, execute, reexecuted
from settlespec.domain.genesis import Genesis
from settlespec.domain.outcomes import Accepted
from tests.commitment.dated_walks import dated_genesis, dated_walk
from tests.commitment.walks import SIGNER, Walked, minimal_walk, small_genesis
from tests.commitment.witnessing import Sample, samples

BORDERS = (0, 1, 2, 3, 7, 15, 100, 2**20, 2**40 - 1, 2**53, 2**63 - 1, 2**63, 2**64 - 1, 2**96, 2**150, 2**191)


class Asking(TreeLeaves):
    """Leaves of any tree, whatever it holds, and which of them were asked for."""

    def __init__(self, tree: Tree) -> None:
        super().__init__(tree)
        self.asked: set[LeafKey] = set()

    def value(self, leaf: LeafKey) -> bytes | None:
        self.asked.add(leaf)
        return super().value(leaf)

    def after(self, part: Part, book: int, key: int) -> int | None:
        found = super().after(part, book, key)
        self.asked |= {LeafKey(part, book, max(key, 0)), LeafKey(part, book, 2**104 - 1 if found is None else found)}
        return found


def checked(leaves: dict[LeafKey, bytes], log: bytes, genesis: Genesis) -> Execution:
    """What the verifier says of a log under the root of these leaves, shown all that the log asks for before it fails."""
    tree = Tree(SHA256, BITS).set_many({tree_key(leaf): value for leaf, value in leaves.items()})
    source = Asking(tree)
    changed: dict[LeafKey, bytes | None] = {}
    try:
        part = partial_state(source, genesis)
        _, changed = execute(part, decode_log(part, log), SIGNER)
    except (Refused, WitnessRefused, *CONTRADICTIONS):
        assert changed == {}
    keys = sorted({tree_key(leaf) for leaf in source.asked.union(changed) if leaf.key < 2**104})
    witness = Witness(tuple((key, tree.get(key)) for key in keys), prove(tree, keys))
    return reexecuted(SHA256, genesis, tree.root(), log, witness, SIGNER)


def other_groups(value: bytes, random: Random) -> bytes:
    """A leaf with one of its integers changed, lost, doubled or moved."""
    head, rest = (value[:32], value[32:]) if len(value) > 32 else (b"", value)
    groups = list(integers(rest)) or [b"\0"]
    place = random.randrange(len(groups))
    deed = random.randrange(10)
    if deed < 7:
        groups[place] = leb128(random.choice(BORDERS))
    elif deed == 7:
        del groups[place]
    elif deed == 8:
        groups.insert(place, groups[place])
    else:
        groups[place], groups[0] = groups[0], groups[place]
    return head + b"".join(groups)


def integers(data: bytes) -> Iterator[bytes]:
    """The bytes of each integer."""
    start = 0
    for place, byte in enumerate(data):
        if byte < 128:
            yield data[start : place + 1]
            start = place + 1


def leb128(number: int) -> bytes:
    groups = []
    while number > 127:
        groups.append(number & 127 | 128)
        number >>= 7
    return bytes([*groups, number])


@pytest.mark.parametrize(
    ("genesis", "walk_of", "seed"),
    [
        *((small_genesis(), minimal_walk, seed) for seed in range(3)),
        *((dated_genesis(), dated_walk, seed) for seed in range(2)),
    ],
    ids=["perpetuals 0", "perpetuals 1", "perpetuals 2", "instruments that expire 0", "instruments that expire 1"],
)
def test_whatever_the_leaves_hold_the_verifier_answers_and_raises_nothing_untyped(
    genesis: Genesis, walk_of: Callable[[int, int], Iterable[Walked]], seed: int
) -> None:
    random = Random(seed)
    steps = [walked for walked in walk_of(seed, 1_200) if isinstance(walked.outcome, Accepted)]
    answers: Counter[str] = Counter()
    for _ in range(150):
        walked = random.choice(steps)
        log = encode_log(walked.before, (walked.operation,), signatures=True)
        leaves = dict(leaves_of(walked.before))
        for _ in range(random.choice((1, 1, 2, 3))):
            leaf = random.choice(sorted(leaves))
            if random.randrange(12):
                leaves[leaf] = other_groups(leaves[leaf], random)
            else:
                del leaves[leaf]
                leaves[evolve(leaf, key=random.choice((leaf.key + 1, 0, 2**63, 2**104 - 1)))] = b"\0"
        try:
            checked(leaves, log, genesis)
        except (Refused, WitnessRefused) as refusal:
            answers[type(refusal).__name__] += 1
        else:
            answers["accepted"] += 1
    assert all(answers[kind] for kind in ("accepted", "Refused", "WitnessRefused"))


def test_without_a_lie_the_same_way_of_showing_is_accepted() -> None:
    for given in samples().values():
        assert checked(dict(leaves_of(given.before)), given.log, given.genesis).root == given.checked().root


def contradiction(given: Sample, leaf: LeafKey, value: bytes | None) -> BaseException | None:
    """What was behind the refusal of a log when one leaf is another."""
    leaves = dict(leaves_of(given.before))
    assert leaves.pop(leaf) != value
    if value is not None:
        leaves[leaf] = value
    with pytest.raises(WitnessRefused, match="no state that the machine can come to") as caught:
        checked(leaves, given.log, given.genesis)
    return caught.value.__cause__


def test_an_order_that_its_owner_names_and_no_book_holds_is_refused() -> None:
    given = samples()["Cancel"]
    order = next(
        leaf
        for leaf in dict(leaves_of(given.before))
        if leaf.part in (Part.BIDS, Part.ASKS) and tree_key(leaf) in dict(given.witness.claims)
    )
    assert isinstance(contradiction(given, order, None), KeyError)


def test_a_total_that_would_fall_below_zero_is_refused() -> None:
    given = next(
        Sample(
            walked.before, (walked.operation,), walked.after, Tree(SHA256, BITS), log, Witness((), b""), small_genesis()
        )
        for walked in minimal_walk(7, 2_000)
        if isinstance(walked.outcome, Accepted)
        and walked.after.inbox.uncredited < walked.before.inbox.uncredited
        and (log := encode_log(walked.before, (walked.operation,), signatures=True))
    )
    inbox = evolve(given.before.inbox, uncredited=0)
    assert isinstance(contradiction(given, SCALARS, encode_scalars(evolve(given.before, inbox=inbox))), ValueError)


def lengthened(given: Sample, **lengths: int) -> bytes:
    """The leaf of the round in progress, with other lengths of its lists."""

    class Long(tuple[object, ...]):
        claimed = 0

        def __len__(self) -> int:
            return self.claimed

    current = given.before.round
    assert current is not None
    lists = {}
    for name, length in lengths.items():
        lists[name] = Long()
        lists[name].claimed = length
    return encode_round(evolve(current, **lists))  # type: ignore[arg-type]


def test_a_quote_that_is_counted_and_is_not_there_is_refused() -> None:
    given = samples()["REVALUE visit with options"]
    assert given.before.round is not None
    quoted = next(name for name in given.before.round.quotes if LeafKey(Part.QUOTES, 0, name) in claimed(given))
    assert contradiction(given, LeafKey(Part.QUOTES, 0, quoted), None) is not None


def claimed(given: Sample) -> set[LeafKey]:
    """The leaves of quotes that a witness claims."""
    keys = dict(given.witness.claims)
    return {leaf for leaf in dict(leaves_of(given.before)) if leaf.part is Part.QUOTES and tree_key(leaf) in keys}


@pytest.mark.parametrize("name", ["defaulted", "breaches"])
@pytest.mark.parametrize("length", [1_000, 2**56, 2**63 - 1])
def test_a_list_that_is_said_to_be_endless_is_not_walked_to_its_end(name: str, length: int) -> None:
    given = samples()["LIQUIDATE end"]
    leaves = dict(leaves_of(given.before))
    leaves[ROUND] = lengthened(given, **{name: length})
    with pytest.raises((Refused, WitnessRefused)):
        checked(leaves, given.log, given.genesis)


def test_at_the_end_of_every_stage_no_list_is_walked_to_an_end_that_is_only_claimed() -> None:
    refused = set()
    ends = {kind: given for kind, given in samples().items() if kind.endswith(" end")}
    assert len(ends) == 8
    for kind, given in ends.items():
        for name in ("breaches", "defaulted", "gains", "tasks"):
            for length in (1_000, 2**56, 2**63 - 1):
                leaves = dict(leaves_of(given.before))
                leaves[ROUND] = lengthened(given, **{name: length})
                try:
                    checked(leaves, given.log, given.genesis)
                except (Refused, WitnessRefused):
                    refused.add((kind, name, length))
    # Stages that read a list refuse one that is not there; the others do not look at it.
    for length in (1_000, 2**56, 2**63 - 1):
        for kind in ("ASSESS end", "DISCARD end", "LIQUIDATE end"):
            assert (kind, "breaches", length) in refused
        assert {(kind, "tasks", length) for kind in ends} <= refused


def test_tasks_that_are_said_to_be_done_and_are_not_there_are_not_walked_to_their_end() -> None:
    given = samples()["DISCARD end"]
    leaves = dict(leaves_of(given.before))
    current = given.before.round
    assert current is not None
    done = Sample(
        evolve(given.before, round=evolve(current, cursor=2**56)),
        given.operations,
        given.after,
        given.tree,
        b"",
        given.witness,
        given.genesis,
    )
    leaves[ROUND] = lengthened(done, tasks=2**56)
    with pytest.raises((Refused, WitnessRefused)):
        checked(leaves, given.log, given.genesis)


def test_a_number_too_wide_for_its_place_is_no_key_of_another_leaf() -> None:
    given = samples()["Withdraw"]
    outbox = evolve(given.before.outbox, next_index=2**104)
    cause = contradiction(given, SCALARS, encode_scalars(evolve(given.before, outbox=outbox)))
    assert isinstance(cause, ValueError)
    assert "no place in the tree" in str(cause)


def test_cash_beyond_any_quantity_is_refused() -> None:
    given = samples()["Transfer"]
    (operation,) = given.operations
    leaf = LeafKey(Part.HOLDINGS, 0, operation.recipient)  # type: ignore[union-attr]
    holdings = decode_holdings(dict(leaves_of(given.before))[leaf])
    assert isinstance(contradiction(given, leaf, encode_holdings(evolve(holdings, cash=2**191 - 1))), ValueError)

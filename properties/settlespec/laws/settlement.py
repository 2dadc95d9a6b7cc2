"""Laws of the contract of a validity rollup, by its own code: what is paid once, when it may be frozen, and how batches follow each other.

Nothing is paid twice: whatever leaves goes through one function, which uses a name up (VALID-12a), and each way out first asks whether
its name is used (VALID-12b). That all can be paid is VALID-14a: nobody owes and positions sum to zero, so what is due is what is there.

Batches form one chain: VALID-6a says that a batch begins where the one before ended and nowhere else, and VALID-6b is the step by which
numbers, clocks and inboxes of any number of batches only go forward.
"""

from typing import Any, Final

from attrs import evolve
from immutables import Map

from settlespec.arithmetic import negate
from settlespec.commitment.batch import Body
from settlespec.commitment.hashes import SHA256
from settlespec.commitment.header import START as START_OF_CHAIN
from settlespec.commitment.header import Header
from settlespec.domain.messages import Deposit, ForcedWithdrawal, Received
from settlespec.domain.quantities import Amount, Count, Index, Milliseconds, Price, SignedSize
from settlespec.laws.grounds import HYPOTHESIS, NOBODY_OWES, NotNegative
from settlespec.laws.statement import assume, claim, implied, law, world
from settlespec.machine.genesis import minimal
from settlespec.machine.signatures import Ideal
from settlespec.proofs.interface import Deployment, Statement
from settlespec.rules.custody import forced_deadline, is_overdue
from settlespec.rules.margin import equity
from settlespec.settlement import validity_exits
from settlespec.settlement.chain import Opening
from settlespec.settlement.validity_batches import bounds, links, prove
from settlespec.settlement.validity_calls import ClaimMoney, Escape, Freeze, Prove, Refund
from settlespec.settlement.validity_refusals import Paid, Refusal, Way
from settlespec.settlement.validity_registry import Registry, Request, ValidityParameters, Waiting, first_registry
from settlespec.settlement.vault import Vault
from settlespec.settlement.ways_out import blocks_to_leave

OWNER: Final = b"owner"

CONSERVED: Final = implied(
    "CONSERVATION",
    "the vault holds the cash of all accounts, the claims and the funds",
)
BALANCED: Final = implied("ZERO-SUM", "the positions of a market sum to zero")
FORWARD: Final = world("the clock of the base layer never runs backwards")
SLOTS: Final = world("blocks of the base layer come at least as often as its slots")
TWICE: Final = "whoever leaves last, by what was paid twice"


Three = tuple[int, int, int]
"""Chain, rollup and number of a batch."""

FourDistances = tuple[NotNegative, NotNegative, NotNegative, NotNegative]
"""Between two batches: in numbers, milliseconds, messages received and messages taken."""

Six = tuple[int, int, int, int, int, int]
"""Root, clock, messages received, inbox, outbox and data at one end of a batch; digests are arbitrary integers."""


class Verdict:
    """A proof system that has made up its mind."""

    name = "verdict"

    def __init__(self, holds: bool) -> None:
        self.holds = holds

    def verify(self, statement: Statement, proof: bytes) -> bool:
        """Whatever is shown."""
        return self.holds

    def prove(self, batch: Any, last: Header) -> bytes:
        """Nothing is proven here."""
        raise AssertionError(f"no law proves a batch after {last.number}")


REGISTRY: Final = first_registry(
    ValidityParameters("operator"), Deployment(SHA256, minimal(Ideal()), Ideal(), Body.LOG), Verdict(True), Map()
)
"""A rollup that has just begun."""


def deposited(amount: Any) -> Request:
    """A deposit in the inbox."""
    return Request(Received(0, Deposit(0, OWNER, amount)), None)


def requested(deadline: Any) -> Request:
    """A forced withdrawal in the inbox."""
    return Request(Received(0, ForcedWithdrawal(0, OWNER, 1)), deadline)


def opening(time: Any) -> Opening:
    """A block at this time."""
    return Opening(1, time, b"", 1, 1, 0, 1)


def leave(registry: Registry, way: Way) -> Any:
    """What the contract answers to whoever would leave this way under the name 0, with a proof of nothing."""
    match way:
        case Way.CLAIM:
            return validity_exits.claim(registry, ClaimMoney(0, 0, b"", b""))
        case Way.ESCAPE:
            return validity_exits.escape(registry, Escape(0, b"", (), b""))
        case Way.REFUND:
            return validity_exits.refund(registry, Refund(0))


@law(
    "VALID-12a",
    "What is paid leaves the vault and reaches its owner whole, and is refused only where the vault has less.",
    rules=("VALID-12", "VAULT-2"),
    loses="the owner, or whoever leaves last",
    shape="one owner and one payment, in each way out",
)
def a_payment_moves_exactly_its_amount(way: Way, balance: NotNegative, wallet: NotNegative, amount: Amount) -> None:
    """The vault never goes below zero."""
    registry = evolve(REGISTRY, vault=Vault(Map({OWNER: wallet}), balance))
    answer = validity_exits.pay(registry, Paid(way, 0, OWNER, amount))
    if isinstance(answer, Refusal):
        claim(amount > balance)
        return
    after, _ = answer
    claim((after.vault.balance == balance - amount) & (after.vault.balance >= 0))
    claim(after.vault.wallets[OWNER] == wallet + amount)


@law(
    "VALID-12b",
    "What was paid in one way and under one name is never paid again, and no other name is used up by it.",
    rules=("VALID-11", "VALID-12", "VALID-14", "VALID-15"),
    loses=TWICE,
    shape="one payment in each way out of a frozen rollup, asked for again with any proof",
    assumes=(CONSERVED,),
)
def nothing_is_paid_twice(way: Way, balance: NotNegative, amount: Amount) -> None:
    """Claims of withdrawals, escapes and refunds alike: the name is looked at before the proof."""
    assume(amount <= balance, CONSERVED)
    registry = evolve(REGISTRY, vault=Vault(Map(), balance), requests=Map({0: deposited(amount)}), frozen=True)
    answer = validity_exits.pay(registry, Paid(way, 0, OWNER, amount))
    claim(not isinstance(answer, Refusal))
    assert not isinstance(answer, Refusal)
    for other in Way:
        claim((leave(answer[0], other) is Refusal.PAID_BEFORE) == (other is way))


@law(
    "VALID-15a",
    "A deposit is refunded to its sender in full exactly where the rollup is frozen and the last exit root has not taken it.",
    rules=("VALID-15", "VALID-12"),
    loses="the sender, or whoever leaves last by a deposit that is refunded and in an account",
    shape="one deposit",
    assumes=(CONSERVED,),
)
def a_deposit_is_taken_or_refunded(frozen: bool, amount: Amount, balance: NotNegative, taken: Index) -> None:
    """Never both, and one of them once the rollup is frozen."""
    assume(amount <= balance, CONSERVED)
    registry = evolve(
        REGISTRY,
        vault=Vault(Map(), balance),
        requests=Map({0: deposited(amount)}),
        exit=evolve(REGISTRY.exit, taken_after=taken),
        frozen=frozen,
    )
    answer = validity_exits.refund(registry, Refund(0))
    paid = not isinstance(answer, Refusal)
    claim(paid == (frozen & (taken == 0)))
    if not isinstance(answer, Refusal):
        claim(answer[0].vault.wallets[OWNER] == amount)


@law(
    "VALID-14a",
    "Once a rollup is frozen the vault can pay every account its equity, whoever comes first.",
    rules=("VALID-12", "VALID-14", "MARGIN-8"),
    loses="whoever leaves last",
    shape="three accounts with positions in one instrument, who leave in turn",
    composes=("ROUND-1a", "FUND-2a", "TRADE-3a", "VALID-12a"),
    assumes=(NOBODY_OWES, CONSERVED),
)
def everybody_can_be_paid(
    first: NotNegative,
    second: NotNegative,
    third: NotNegative,
    long: SignedSize,
    other: SignedSize,
    mark: Price,
    funds: NotNegative,
) -> None:
    """Equities at the mark; sizes sum to zero, and `funds` is what the vault holds beyond the cash of accounts."""
    assume((first >= 0) & (second >= 0) & (third >= 0), NOBODY_OWES)
    sizes = long, other, -(long + other)
    cash = [worth - size * mark for worth, size in zip((first, second, third), sizes, strict=True)]
    vault = cash[0] + cash[1] + cash[2] + funds
    assume(funds >= 0, CONSERVED)
    worths = [equity(money, (size * mark,)) for money, size in zip(cash, sizes, strict=True)]
    registry = evolve(REGISTRY, vault=Vault(Map(), vault), frozen=True)
    for account, worth in enumerate(worths):
        answer = validity_exits.pay(registry, Paid(Way.ESCAPE, account, OWNER, worth))
        claim(not isinstance(answer, Refusal))
        assert not isinstance(answer, Refusal)
        registry = answer[0]
    claim(registry.vault.balance == funds)


@law(
    "VALID-13a",
    "A forced request freezes the rollup exactly from after its own deadline on, unless the last exit root has taken it.",
    rules=("VALID-13", "CUST-9.2"),
    loses="the owner whom nobody serves, or everybody by a freeze without cause",
    shape="two forced requests with any deadlines, of which the second is named",
)
def a_request_freezes_after_its_own_deadline(
    frozen: bool, now: Milliseconds, earlier: Milliseconds, deadline: Milliseconds, taken: Index
) -> None:
    """Whatever became of the request before it."""
    registry = evolve(
        REGISTRY,
        requests=Map({0: requested(earlier), 1: requested(deadline)}),
        exit=evolve(REGISTRY.exit, taken_after=taken),
        frozen=frozen,
    )
    answer = validity_exits.freeze(registry, opening(now), Freeze(1))
    claim((not isinstance(answer, Refusal)) == (negate(frozen) & (now > deadline) & (taken <= 1)))
    if not isinstance(answer, Refusal):
        claim(answer[0].frozen)


@law(
    "VALID-13b",
    "A deposit never freezes the rollup, however long it waits.",
    rules=("VALID-13",),
    loses="everybody, by whoever sends a deposit that no vault has room for",
    shape="one deposit",
)
def a_deposit_freezes_nothing(now: Milliseconds, amount: Amount, taken: Index) -> None:
    """Its refund waits for a freeze by somebody's request."""
    registry = evolve(REGISTRY, requests=Map({0: deposited(amount)}), exit=evolve(REGISTRY.exit, taken_after=taken))
    claim(validity_exits.freeze(registry, opening(now), Freeze(0)) is Refusal.NOT_FORCED)


@law(
    "CUST-9a",
    "A request may be taken during the whole of its window, is overdue from then on for good, and never before one that came earlier.",
    rules=("CUST-9", "CUST-9.2"),
    loses="the operator, frozen without cause, or the owner who waits longer than was said",
    shape="two requests and two times",
    assumes=(FORWARD,),
)
def every_request_has_its_own_window(
    time: Milliseconds, later: Milliseconds, window: Milliseconds, now: Milliseconds, then: Milliseconds
) -> None:
    """`time` and `later` are the blocks of the requests."""
    assume((time <= later) & (now <= then), FORWARD)
    deadline, other = forced_deadline(time, window), forced_deadline(later, window)
    claim(is_overdue(now, deadline) == (now - time > window))
    claim(negate(is_overdue(now, deadline)) | is_overdue(then, deadline))
    claim(negate(is_overdue(now, other)) | is_overdue(now, deadline))


@law(
    "OUT-5a",
    "Blocks enough to leave pass the window, once the request, the freeze and the way out are each included.",
    rules=("OUT-5",),
    loses="the owner who was told how long leaving takes at most",
    shape="one owner without positions and orders",
    assumes=(SLOTS,),
)
def leaving_takes_no_longer_than_said(window: Milliseconds, slot: Milliseconds, inclusion: Count) -> None:
    """The freeze is in the first block past the deadline, if it was sent `inclusion` blocks before."""
    assume(slot > 0, SLOTS)
    blocks = blocks_to_leave(window, slot, inclusion)
    waited = blocks - 3 * inclusion
    claim((waited * slot <= window) & ((waited + 1) * slot > window))
    claim(negate(is_overdue(waited * slot, forced_deadline(0, window))))


def header(place: Any, fields: Any, ends: Any, taken: Any) -> Any:
    """A header whose numbers and digests are arbitrary integers.

    Args:
        place: chain, rollup and number.
        fields: previous root, time, received, inbox, outbox and data before.
        ends: new root, time, received, inbox, outbox and data after.
        taken: messages taken after it.
    """
    previous_root, time, received, inbox, outbox, data = fields
    new_root, time_after, received_after, inbox_after, outbox_after, data_after = ends
    return Header(
        *place, previous_root, new_root, time, time_after, received, received_after, taken,
        inbox, inbox_after, outbox, outbox_after, data, data_after, START_OF_CHAIN, True,
    )  # fmt: skip


def follows(last: Any, then: Any) -> Any:
    """Whether the contract finds that one header follows the other."""
    holds: Any = True
    for linked, _ in links(last, then):
        holds = holds & linked
    return holds


@law(
    "VALID-6a",
    "A batch begins with the root, the clock, the inbox, the outbox and the data with which the one before ended, and nowhere else.",
    rules=("VALID-6",),
    loses="everybody, by a state that no operation led to",
    shape="one header and any header after it",
)
def a_batch_begins_where_the_last_ended(
    place: Three,
    before: Six,
    ends: Six,
    taken: int,
    place_of_next: Three,
    starts: Six,
    ends_of_next: Six,
    taken_of_next: int,
) -> None:
    """So of one last batch there is one beginning: with one body there is one end (TREE-5b)."""
    last = header(place, before, ends, taken)
    then = header(place_of_next, starts, ends_of_next, taken_of_next)
    begins: Any = (place[0] == place_of_next[0]) & (place[1] == place_of_next[1]) & (place[2] + 1 == place_of_next[2])
    for end, start in zip(ends, starts, strict=True):
        begins = begins & (end == start)
    forward = (starts[1] <= ends_of_next[1]) & (starts[2] <= ends_of_next[2])
    forward = forward & (taken <= taken_of_next) & (taken_of_next <= ends_of_next[2])
    claim(follows(last, then) == (begins & forward))


@law(
    "VALID-6b",
    "However many batches follow each other, their numbers have no gap, and neither clock, inbox nor what was taken ever goes back.",
    rules=("VALID-6",),
    loses="the owner of a message that is taken twice, or of one that is passed over",
    shape="one more batch, by induction",
    assumes=(HYPOTHESIS,),
)
def batches_only_go_forward(
    place: Three, ends: Six, taken: int, ends_of_next: Six, taken_of_next: int, since: FourDistances
) -> None:
    """The batch of `place` and `ends` comes after the first by `since`: its number, clock, messages received and messages taken."""
    for distance in since:
        assume(distance >= 0, HYPOTHESIS)
    then = header((place[0], place[1], place[2] + 1), ends, ends_of_next, taken_of_next)
    batches, passed, arrived, done = since
    forward = (then.number - (place[2] - batches) == batches + 1) & (then.time_after >= ends[1] - passed)
    forward = forward & (then.received_after >= ends[2] - arrived) & (then.taken_after >= taken - done)
    claim(negate(follows(header(place, ends, ends, taken), then)) | forward)


@law(
    "VALID-7a",
    "The clock of a batch is never further from its block's than the deployment allows.",
    rules=("VALID-7",),
    loses="owners whose orders and messages expire by a clock that the operator makes",
    shape="one batch without messages",
)
def the_clock_stays_near_the_block(
    now: Milliseconds, clock: Milliseconds, ahead: Milliseconds, behind: Milliseconds
) -> None:
    """Either way."""
    registry = evolve(REGISTRY, parameters=evolve(REGISTRY.parameters, max_ahead=ahead, max_behind=behind))
    holds: Any = True
    for kept, _ in bounds(registry, opening(now), evolve(REGISTRY.exit, time_after=clock)):
        holds = holds & kept
    claim(holds == ((clock - now <= ahead) & (now - clock <= behind)))


@law(
    "VALID-8a",
    "Only a batch that is shown to follow becomes proven, and its root an exit root only where it ended at rest.",
    rules=("VALID-8",),
    loses="everybody, by money paid under a root that is not final or inside a round",
    shape="one batch that waits, with an honest proof or not",
)
def only_a_proven_batch_at_rest_is_an_exit(shown: bool, at_rest: bool, frozen: bool) -> None:
    """A frozen rollup stays as it is."""
    batch = evolve(REGISTRY.proven, number=1, new_root=b"root", at_rest=at_rest)
    registry = evolve(REGISTRY, proofs=Verdict(shown), waiting=(Waiting(batch, b""),), frozen=frozen)
    answer = prove(registry, Prove(1, b""))
    claim((not isinstance(answer, Refusal)) == (shown & negate(frozen)))
    if not isinstance(answer, Refusal):
        after = answer[0]
        claim((after.proven is batch) & (not after.waiting))
        claim((after.exit is batch) == at_rest)
        claim((1 in after.exits) == at_rest)

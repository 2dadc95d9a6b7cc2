"""Laws of how money leaves a validity rollup, by its contract's own code: what is paid once, and when the rollup may be frozen.

Nothing is paid twice: whatever leaves goes through one function, which uses a name up (VALID-12a), and each way out first asks whether
its name is used (VALID-12b). That all can be paid is VALID-14a: nobody owes and positions sum to zero, so what is due is what is there.
"""

from typing import Any, Final

from attrs import evolve
from immutables import Map

from settlespec.arithmetic import negate
from settlespec.domain.messages import Deposit, ForcedWithdrawal, Received
from settlespec.domain.quantities import Amount, Count, Index, Milliseconds, Price, SignedSize
from settlespec.laws.grounds import NOBODY_OWES, NotNegative
from settlespec.laws.shapes import REGISTRY, opening
from settlespec.laws.statement import assume, claim, implied, law, world
from settlespec.rules.custody import forced_deadline, is_overdue
from settlespec.rules.margin import equity
from settlespec.settlement import validity_exits
from settlespec.settlement.validity_calls import ClaimMoney, Escape, Freeze, Refund
from settlespec.settlement.validity_refusals import Paid, Refusal, Way
from settlespec.settlement.validity_registry import Registry, Request
from settlespec.settlement.vault import Vault
from settlespec.settlement.ways_out import blocks_to_leave

OWNER: Final = b"owner"

CONSERVED: Final = implied(
    "CONSERVATION",
    "the vault holds the cash of all accounts, the claims and the funds",
)
FORWARD: Final = world("the clock of the base layer never runs backwards")
SLOTS: Final = world("blocks of the base layer come at least as often as its slots")
TWICE: Final = "whoever leaves last, by what was paid twice"


def deposited(amount: Any) -> Request:
    """A deposit in the inbox."""
    return Request(Received(0, Deposit(0, OWNER, amount)), None)


def requested(deadline: Any) -> Request:
    """A forced withdrawal in the inbox."""
    return Request(Received(0, ForcedWithdrawal(0, OWNER, 1)), deadline)


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
    composes=("VALID-12a", "CUST-8a"),
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
    shape="three accounts whose positions in one instrument sum to zero, who leave in turn",
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
    rules=("OUT-5", "CUST-9", "CUST-9.2"),
    loses="the owner who was told how long leaving takes at most",
    shape="one owner without positions and orders",
    assumes=(SLOTS,),
    composes=("CUST-9a",),
)
def leaving_takes_no_longer_than_said(window: Milliseconds, slot: Milliseconds, inclusion: Count) -> None:
    """The freeze is in the first block past the deadline, if it was sent `inclusion` blocks before."""
    assume(slot > 0, SLOTS)
    blocks = blocks_to_leave(window, slot, inclusion)
    waited = blocks - 3 * inclusion
    claim((waited * slot <= window) & ((waited + 1) * slot > window))
    claim(negate(is_overdue(waited * slot, forced_deadline(0, window))))

"""Laws of custody: what may leave, and what must be possible."""

from typing import Final

from immutables import Map

from settlespec.arithmetic import negate
from settlespec.domain.messages import Cause, Deposit, ForcedWithdrawal, Inbox, Outbox, Received
from settlespec.domain.operations import Receive, Take
from settlespec.domain.outcomes import Accepted
from settlespec.domain.quantities import Amount, Factor, Price, Quantums, SignedSize, Size
from settlespec.laws.grounds import REQUIREMENT, NotNegative
from settlespec.laws.margin import LinearInstrument, market_at
from settlespec.laws.shapes import exchange, owner
from settlespec.laws.statement import assume, case, claim, implied, law
from settlespec.machine.custody import receive, take, take_withdrawal
from settlespec.rules.custody import forced_amount, forced_limit, free_collateral
from settlespec.rules.margin import order_reserve

RESERVES: Final = case("what the orders reserve is not negative")
FREE: Final = implied("CUST-2a", "what is free is never negative")
BAND: Final = implied("ROUND-4.3", "the band is not empty")
POSITION: Final = case("the account holds a position")
TAKES_WHAT_IS_FREE: Final = implied("CUST-2.2", "no more is taken out or moved than is free")
ADMITTED: Final = case("the fill is admitted by the initial requirement")

Pair = tuple[Quantums, Quantums]
PairOfAmounts = tuple[Amount, Amount]
"""One of each account."""


@law(
    "CUST-2a",
    "What is free may be taken out and leaves the requirement covered; a quantum more would not.",
    rules=("CUST-2",),
    loses="whoever is on the other side of the owner's positions and orders",
    shape="any portfolio: three numbers",
    assumes=(REQUIREMENT, RESERVES),
)
def what_is_free_leaves_the_requirement_covered(equity: Quantums, requirement: Quantums, reserved: Quantums) -> None:
    """Nothing is free where the requirement is not covered to begin with."""
    assume(requirement >= 0, REQUIREMENT)
    assume(reserved >= 0, RESERVES)
    free = free_collateral(equity, requirement, reserved)
    claim(free >= 0)
    claim((free == 0) | (equity - free >= requirement + reserved))
    claim(equity - free - 1 < requirement + reserved)


@law(
    "CUST-4a",
    "A forced withdrawal pays no more than was asked and no more than is free, and one of the two in full.",
    rules=("CUST-4",),
    loses="the other accounts, or the owner who cannot leave",
    shape="one request",
    assumes=(FREE,),
)
def a_forced_withdrawal_pays_the_smaller(amount: Amount, free: Quantums) -> None:
    """Whatever is free."""
    assume(free >= 0, FREE)
    paid = forced_amount(amount, free)
    claim((paid <= amount) & (paid <= free))
    claim((paid == amount) | (paid == free))


@law(
    "CUST-5a",
    "The limit of a forced order is never worse for its owner than the one sent, and never one that the band refuses.",
    rules=("CUST-5",),
    loses="the owner, who trades worse than he said, or whose way out an outside event could close",
    shape="one request of each side",
    assumes=(BAND,),
)
def a_forced_limit_is_its_owners_or_the_bands_edge(price: Price, low: Price, high: Price) -> None:
    """For a band that is not empty; a limit that the band admits is the owner's."""
    assume(low <= high, BAND)
    bid, ask = forced_limit(1, price, low, high), forced_limit(-1, price, low, high)
    claim((bid <= price) & (bid <= high) & (ask >= price) & (ask >= low))
    claim((bid == price) | ((price > high) & (bid == high)))
    claim((ask == price) | ((price < low) & (ask == low)))


@law(
    "CUST-2b",
    "Two withdrawals take out together exactly what one could.",
    rules=("CUST-2",),
    loses="whoever is on the other side of the owner's positions and orders",
    shape="any portfolio: three numbers",
    composes=("CUST-2a",),
)
def two_withdrawals_free_what_one_would(
    equity: Quantums, requirement: Amount, reserved: Amount, first: Amount, second: Amount
) -> None:
    """The second is admitted after the first exactly where their sum is."""
    free = free_collateral(equity, requirement, reserved)
    after = free_collateral(equity - first, requirement, reserved)
    claim(((first <= free) & (second <= after)) == (first + second <= free))


@law(
    "CUST-2c",
    "An order that rests never frees collateral, and cancelling it frees no more than it reserved.",
    rules=("CUST-2", "MARGIN-7"),
    loses="whoever is on the other side of an owner that frees collateral by orders",
    shape="any portfolio, and one order in a linear instrument",
    composes=("CUST-2a",),
)
def resting_orders_free_nothing(
    instrument: LinearInstrument,
    mark: Price,
    equity: Quantums,
    requirement: Amount,
    reserved: NotNegative,
    size: Size,
    price: Price,
    buys: bool,
    reduce_only: bool,
    factor: Factor,
) -> None:
    """Placing and cancelling in turn leaves what was free, whatever else rests."""
    needed = order_reserve(1 if buys else -1, size, price, reduce_only, market_at(instrument, mark), factor)
    before = free_collateral(equity, requirement, reserved)
    after = free_collateral(equity, requirement, reserved + needed)
    claim((after <= before) & (before <= after + needed))


@law(
    "CUST-2d",
    "A transfer between two accounts of one owner frees nothing: what both can take out afterwards is at most what they could before.",
    rules=("CUST-2", "CUST-3"),
    loses="whoever is on the other side of an owner with two accounts",
    shape="two portfolios: their equities and what they need",
    assumes=(TAKES_WHAT_IS_FREE,),
    composes=("CUST-2a",),
)
def a_transfer_frees_nothing(equities: Pair, needs: PairOfAmounts, amount: Amount) -> None:
    """And exactly that where the recipient has what it needs."""
    free = [free_collateral(equity, need, 0) for equity, need in zip(equities, needs, strict=True)]
    assume(amount <= free[0], TAKES_WHAT_IS_FREE)
    after = free_collateral(equities[0] - amount, needs[0], 0) + free_collateral(equities[1] + amount, needs[1], 0)
    claim(after <= free[0] + free[1])
    claim((equities[1] < needs[1]) | (after == free[0] + free[1]))


@law(
    "CUST-2e",
    "What was withdrawn before a fill that is admitted by the initial requirement could be withdrawn after it too.",
    rules=("CUST-2", "MARGIN-13"),
    loses="the insurance fund, by an order of operations that takes out more than another",
    shape="any portfolio around one fill",
    assumes=(TAKES_WHAT_IS_FREE, ADMITTED),
    composes=("CUST-2a",),
)
def no_order_of_operations_takes_out_more(
    equity: Quantums, requirement: Amount, change: Quantums, then: Amount, amount: Amount
) -> None:
    """The fill changes equity by `change`, its price against the mark and its fee, and makes the requirement `then`."""
    assume(amount <= free_collateral(equity, requirement, 0), TAKES_WHAT_IS_FREE)
    assume(equity - amount + change >= then, ADMITTED)
    claim(amount <= free_collateral(equity + change, then, 0))


@law(
    "CUST-4b",
    "A forced withdrawal moves to the outbox what it takes from the account, no more than asked, and leaves the requirement covered.",
    rules=("CUST-4", "CUST-4.2", "CUST-8", "MARGIN-11"),
    loses="the other accounts, or the owner who cannot leave",
    shape="one account with one position in a perpetual and no order",
    assumes=(POSITION,),
)
def a_forced_withdrawal_conserves(
    collateral: Quantums, size: SignedSize, cost: Quantums, mark: Price, amount: Amount, unpaid: NotNegative
) -> None:
    """The machine's code. It is refused where nothing is free, and then nothing moves."""
    assume(negate(size == 0), POSITION)
    draft = exchange(owner(collateral, size, cost), mark=mark, outbox=Outbox(Map(), 0, unpaid))
    refused = take_withdrawal(draft, ForcedWithdrawal(0, b"", amount))
    taken = collateral - draft.account(0).collateral
    now = draft.standing(draft.account(0))
    claim((taken == draft.outbox.unpaid - unpaid) & (taken >= 0) & (taken <= amount))
    claim((refused is None) == (taken > 0))
    claim((taken == 0) | (now.equity >= now.initial))
    claim((taken == amount) | (now.equity <= now.initial))


@law(
    "CUST-1a",
    "A deposit that is taken is credited or waits as a claim, whole and never both, and is no longer uncredited.",
    rules=("CUST-1", "CUST-1.2", "CUST-7", "CUST-8"),
    loses="the depositor, or the vault by a deposit that counts twice",
    shape="one deposit, of the owner of an account or of somebody else, or for an account that is not there yet",
)
def a_deposit_is_credited_or_claimed(
    collateral: Quantums, amount: Amount, others: NotNegative, held: NotNegative, own: bool, opens: bool
) -> None:
    """The machine's code; the account is refused a deposit of somebody else, or one beyond the cap of the vault."""
    key, number = b"" if own else b"other", 1 if opens else 0
    waiting = Inbox(Map({0: Received(0, Deposit(number, key, amount))}), 0, 1, amount + others)
    draft = exchange(owner(collateral), inbox=waiting, vault=held + amount + others)
    outcome = take(draft, Take())
    claim(isinstance(outcome, Accepted))
    opened = draft.find_account(1)
    credited = draft.account(0).collateral - collateral + (opened.collateral if opened else 0)
    claim(credited + draft.outbox.unpaid == amount)
    claim((credited == 0) | (draft.outbox.unpaid == 0))
    claim(draft.inbox.uncredited == others)
    claim((credited == amount) == ((own | opens) & (held + amount <= draft.parameters.max_vault)))
    claim((draft.inbox.cursor == 1) & (not draft.inbox.messages))


@law(
    "CUST-6a",
    "A message that is received brings the vault what its deposit brings, and a forced request nothing.",
    rules=("CUST-6",),
    loses="everybody, by money that is in no vault",
    shape="a deposit or a forced withdrawal, with an empty inbox",
)
def a_message_brings_its_money(amount: Amount, vault: NotNegative, is_deposit: bool) -> None:
    """The machine's code: what comes in is uncredited until it is taken."""
    message = Deposit(0, b"", amount) if is_deposit else ForcedWithdrawal(0, b"", amount)
    draft = exchange(vault=vault, inbox=Inbox(Map(), 0, 0, 0))
    receive(draft, Receive(0, message))
    brought = amount if is_deposit else 0
    claim((draft.vault == vault + brought) & (draft.inbox.uncredited == brought))
    claim((draft.inbox.next_index == 1) & (draft.inbox.cursor == 0))


@law(
    "CUST-8a",
    "Every claim has a name of its own, and none is ever changed by another.",
    rules=("CUST-8",),
    loses="the owner of a claim, or the vault by one that is paid under two names",
    shape="two claims in turn",
)
def claims_have_names_of_their_own(first: Amount, second: Amount, unpaid: NotNegative) -> None:
    """The machine's code; names are the indices by which the contract pays once (VALID-12b)."""
    draft = exchange(outbox=Outbox(Map(), 0, unpaid))
    draft.claim(0, b"", first, Cause.WITHDRAWAL)
    draft.claim(1, b"", second, Cause.FORCED_WITHDRAWAL)
    claims = draft.outbox.claims
    claim(len(claims) == 2)
    claim((claims[0].amount == first) & (claims[1].amount == second))
    claim((draft.outbox.next_index == 2) & (draft.outbox.unpaid == unpaid + first + second))

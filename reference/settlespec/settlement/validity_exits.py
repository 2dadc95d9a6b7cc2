"""How money comes into a validity rollup and how it leaves (rules VALID-10 to VALID-15).

Everything that leaves is shown under an exit root, the new root of a proven batch that ended at rest; what batches after the last one
say does not count. Each money has one name in each way out, and what is paid under a name is paid once. Whoever calls, the owner is paid.
"""

from attrs import evolve

from settlespec.commitment.encoding import Refused as Undecodable
from settlespec.commitment.leaves import Holdings, LeafKey, Part, decode_claim, decode_holdings
from settlespec.commitment.market_leaves import mark_of
from settlespec.commitment.proofs import ProofRefused, verify
from settlespec.commitment.state_tree import BITS, tree_key
from settlespec.domain.messages import Claim, Deposit, ForcedOrder, ForcedWithdrawal, Message
from settlespec.domain.operations import Receive
from settlespec.domain.quantities import IDENTIFIER, MAX_AMOUNT, InstrumentId, Price
from settlespec.machine.exchange import in_range
from settlespec.rules.custody import forced_deadline, is_overdue
from settlespec.rules.margin import equity
from settlespec.settlement.chain import Opening, Sender
from settlespec.settlement.validity_batches import Answer
from settlespec.settlement.validity_calls import (
    Ask,
    ClaimMoney,
    Escape,
    ForceOrder,
    ForceWithdrawal,
    Freeze,
    MakeDeposit,
    Refund,
    key_of,
)
from settlespec.settlement.validity_refusals import Enqueued, Frozen, Paid, Refusal, Way
from settlespec.settlement.validity_registry import Registry


def enqueue(registry: Registry, block: Opening, sender: Sender, call: Ask) -> Answer:
    """VALID-10: a deposit or a forced request joins the inbox under the sender's key; the rollup can receive whatever is let in.

    A message that the machine would not receive would stop all behind it, so the machine's own ranges are asked. The machine's vault
    never falls, since claims stand for ever; so its range is that of all deposits together, whatever has been paid out since.
    """
    # CHECKS
    # A frozen rollup takes nothing in.
    if registry.frozen:
        return Refusal.FROZEN
    key = key_of(sender)
    # The sender owns a key.
    if key is None:
        return Refusal.NOT_AN_OWNER
    message = message_of(call, key)
    # The machine will receive it.
    if not in_range(Receive(block.time, message)):
        return Refusal.OUT_OF_RANGE
    index = len(registry.requests)
    # There is an index left.
    if index >= registry.parameters.max_messages:
        return Refusal.INBOX_CLOSED
    # What was ever deposited stays an amount that the machine can hold.
    amount = message.amount if isinstance(message, Deposit) else 0
    if registry.deposited + amount > MAX_AMOUNT:
        return Refusal.VAULT_FULL
    # The money is really there.
    vault = registry.vault.taken(key, message.amount) if isinstance(message, Deposit) else registry.vault
    if vault is None:
        return Refusal.NO_MONEY
    # EFFECTS
    deadline = None if isinstance(message, Deposit) else forced_deadline(block.time, registry.parameters.window)
    after = evolve(registry.with_message(block.time, message, deadline), vault=vault)
    # EVENTS
    return after, Enqueued(index, after.requests[index].received, deadline)


def message_of(call: Ask, key: bytes) -> Message:
    """VALID-10.2: what a call is in the inbox: the sender's key is in it, so that nobody speaks for another owner."""
    match call:
        case MakeDeposit():
            return Deposit(call.account, key, call.amount)
        case ForceWithdrawal():
            return ForcedWithdrawal(call.account, key, call.amount)
        case ForceOrder():
            return ForcedOrder(call.account, key, call.instrument, call.side, call.size, call.price)


def claim(registry: Registry, call: ClaimMoney) -> Answer:
    """VALID-11: a claim that stands in the outbox under any exit root is paid to its owner, once; before a freeze and after it.

    Claims never change and never go, so an older exit root says nothing that a newer one does not. If only the last one counted, an
    operator that proves a batch in every block would have every proof of a claim come too late.
    """
    # CHECKS
    # An index has one spelling: one that is wider would be another name for the same leaf.
    if call.index not in IDENTIFIER:
        return Refusal.OUT_OF_RANGE
    # It was not paid.
    if (Way.CLAIM, call.index) in registry.paid:
        return Refusal.PAID_BEFORE
    root = registry.exits.get(call.batch)
    # The batch is proven and ended at rest.
    if root is None:
        return Refusal.NOT_AN_EXIT_ROOT
    # The claim stands under its root.
    shown = shown_claim(registry, root, call)
    if shown is None:
        return Refusal.NOT_UNDER_EXIT_ROOT
    # EFFECTS AND EVENTS
    return pay(registry, Paid(Way.CLAIM, call.index, shown.key, shown.amount))


def shown_claim(registry: Registry, root: bytes, call: ClaimMoney) -> Claim | None:
    """The claim that a call shows under this root; none where it shows nothing."""
    try:
        shown = decode_claim(call.leaf, call.index)
    except Undecodable:
        return None
    leaves = {LeafKey(Part.OUTBOX, 0, call.index): call.leaf}
    return shown if shows(registry, root, leaves, call.proof) else None


def shows(registry: Registry, root: bytes, leaves: dict[LeafKey, bytes], proof: bytes) -> bool:
    """VALID-11.2: whether a proof leads from these leaves to the root, and is the one accepted proof that does."""
    claims: dict[int, bytes | None] = {tree_key(leaf): value for leaf, value in leaves.items()}
    try:
        verify(registry.deployment.hashing, BITS, root, claims, proof)
    except ProofRefused:
        return False
    return True


def pay(registry: Registry, paid: Paid) -> Answer:
    """VALID-12: the vault pays and the name is used up, both or neither; the vault never goes below zero."""
    # CHECKS
    # The vault has it; a sound proof system leaves no doubt, and an unsound one takes no more than is there.
    vault = registry.vault.paid(paid.key, paid.amount)
    if vault is None:
        return Refusal.NOT_ENOUGH
    # EFFECTS AND EVENTS
    return evolve(registry, vault=vault, paid=registry.paid.set((paid.way, paid.name), paid.amount)), paid


def freeze(registry: Registry, block: Opening, call: Freeze) -> Answer:
    """VALID-13: anybody freezes the rollup by a forced request that is past its own deadline and not taken under the last exit root.

    It is the last exit root that counts and not the last proven batch: an operator that takes the request and never again ends a batch
    outside a clearing round would otherwise keep the money for ever.
    """
    # CHECKS
    # Frozen once is frozen.
    if registry.frozen:
        return Refusal.FROZEN
    request = registry.requests.get(call.index)
    # The message was sent.
    if request is None:
        return Refusal.UNKNOWN_MESSAGE
    # It is a forced request.
    if request.deadline is None:
        return Refusal.NOT_FORCED
    # It has not been taken.
    if call.index < registry.exit.taken_after:
        return Refusal.TAKEN
    # Its own time is over, whatever was sent after it.
    if not is_overdue(block.time, request.deadline):
        return Refusal.BEFORE_DEADLINE
    # EFFECTS AND EVENTS
    return evolve(registry, frozen=True), Frozen(call.index)


def escape(registry: Registry, call: Escape) -> Answer:
    """VALID-14: after a freeze an account is paid its equity at the last exit root's marks, once; its positions are left to the pool.

    At rest nobody owes and positions sum to zero, so all escapes, claims and refunds together are at most what the vault holds.
    Those marks hold also where a settlement value is fixed and its round has not paid it out: what it would have paid is not looked at.
    """
    # CHECKS
    # While the rollup lives, owners withdraw.
    if not registry.frozen:
        return Refusal.NOT_FROZEN
    # A number has one spelling.
    if call.account not in IDENTIFIER:
        return Refusal.OUT_OF_RANGE
    # It was not paid.
    if (Way.ESCAPE, call.account) in registry.paid:
        return Refusal.PAID_BEFORE
    # Holdings and markets stand under the last exit root.
    shown = shown_account(registry, call)
    if shown is None:
        return Refusal.NOT_UNDER_EXIT_ROOT
    holdings, marks = shown
    worth = equity(holdings.cash, (size * marks[instrument] for instrument, size in holdings.sizes))
    # There is something to pay.
    if worth <= 0:
        return Refusal.NOTHING_TO_PAY
    # EFFECTS AND EVENTS
    return pay(registry, Paid(Way.ESCAPE, call.account, holdings.owner, worth))


def shown_account(registry: Registry, call: Escape) -> tuple[Holdings, dict[InstrumentId, Price]] | None:
    """VALID-14.2: the holdings that a call shows, and the marks of exactly the markets that they need; else nothing."""
    known = {instrument.id for instrument in registry.deployment.genesis.instruments}
    marks: dict[InstrumentId, Price] = {}
    try:
        holdings = decode_holdings(call.holdings)
        held = [instrument for instrument, _ in holdings.sizes]
        if len(held) != len(call.markets) or any(instrument not in known for instrument in held):
            return None
        leaves = {LeafKey(Part.HOLDINGS, 0, call.account): call.holdings}
        for instrument, leaf in zip(held, call.markets, strict=True):
            leaves[LeafKey(Part.MARKETS, 0, instrument)] = leaf
            marks[instrument] = mark_of(leaf)
    except Undecodable:
        return None
    return (holdings, marks) if shows(registry, registry.exit.new_root, leaves, call.proof) else None


def refund(registry: Registry, call: Refund) -> Answer:
    """VALID-15: after a freeze a deposit that was not taken under the last exit root goes back to its sender, once.

    One that was received and not taken stands in no account and in no claim, so it is refunded like one that never arrived.
    """
    # CHECKS
    # While the rollup lives, deposits are on their way.
    if not registry.frozen:
        return Refusal.NOT_FROZEN
    request = registry.requests.get(call.index)
    # The message was sent.
    if request is None:
        return Refusal.UNKNOWN_MESSAGE
    message = request.received.message
    # It brought money.
    if not isinstance(message, Deposit):
        return Refusal.NOT_A_DEPOSIT
    # It is in no account and in no claim.
    if call.index < registry.exit.taken_after:
        return Refusal.TAKEN
    # It was not paid back.
    if (Way.REFUND, call.index) in registry.paid:
        return Refusal.PAID_BEFORE
    # EFFECTS AND EVENTS
    return pay(registry, Paid(Way.REFUND, call.index, message.key, message.amount))

"""Checks that several operations share: the envelope of a signed message, and the age of the marks."""

from settlespec.domain.accounts import Account
from settlespec.domain.instruments import RoundStatement, SettlementStatement
from settlespec.domain.operations import OracleSignature, Signed
from settlespec.domain.outcomes import Rejected
from settlespec.domain.reasons import Reason
from settlespec.machine.draft import Draft
from settlespec.machine.signatures import Signatures
from settlespec.rules.expiry import is_due
from settlespec.wire.signing import signed_bytes


def admit(draft: Draft, op: Signed, signatures: Signatures) -> Rejected | None:
    """SIGN-4: a signed message is the next one of an existing account, signed by its owner for here, and still valid.

    An accepted message takes effect once: the account's nonce moves to the message's.
    """
    account = draft.find_account(op.account)
    # The account exists.
    if account is None:
        return Rejected(Reason.UNKNOWN_ACCOUNT)
    # The owner signed this content for this chain, rollup and operation type.
    content = signed_bytes(draft.parameters.chain, draft.parameters.rollup, op)
    if not signatures.verify(account.key, content, op.signature):
        return Rejected(Reason.BAD_SIGNATURE)
    # The message is the next one of this account.
    if op.nonce != account.nonce + 1:
        return Rejected(Reason.WRONG_NONCE, (("expected", account.nonce + 1), ("got", op.nonce)))
    # The message is still valid, so an operator cannot keep it for a better moment.
    if op.valid_until < draft.clock:
        return Rejected(Reason.EXPIRED, (("valid_until", op.valid_until), ("clock", draft.clock)))
    draft.put(op.account, Account(account.key, account.collateral, account.positions, account.orders, op.nonce))
    return None


def oracles_who_signed(
    draft: Draft,
    statement: RoundStatement | SettlementStatement,
    signed: tuple[OracleSignature, ...],
    signatures: Signatures,
) -> int:
    """ORACLE-1: how many different oracles signed the statement."""
    keys = draft.parameters.oracles.keys
    content = signed_bytes(draft.parameters.chain, draft.parameters.rollup, statement)
    return len(
        {
            each.oracle
            for each in signed
            if each.oracle < len(keys) and signatures.verify(keys[each.oracle], content, each.signature)
        }
    )


def marks_are_stale(draft: Draft) -> bool:
    """ORACLE-2: marks older than max_age judge no risk, nor do any between an expiry and the round that pays it out.

    In between a loss can be certain that the marks do not show, and its owner would take out or trade away what the winner is due.
    """
    due = draft.next_expiry != 0 and is_due(draft.next_expiry, draft.clock)
    return due or draft.clock - draft.marks_time > draft.parameters.max_age

"""Why an operation is refused: one reason each, with a number that is never reused.

The members stand in precedence order: when several apply, the first is the answer (rule REASON-1). The hundreds are the stages of a
step: 1xx the machine, 2xx the message, 3xx the market, 4xx the order, 5xx the money, 6xx the inbox, 7xx the clearing round.
"""

from enum import StrEnum
from typing import Final


class Reason(StrEnum):
    """REASON-1: the reasons in precedence order; the sentence of each is in `SENTENCES`, its number in `NUMBERS`."""

    OUT_OF_RANGE = "OUT_OF_RANGE"
    ROUND_OPEN = "ROUND_OPEN"
    TIME_BACKWARDS = "TIME_BACKWARDS"
    UNKNOWN_ACCOUNT = "UNKNOWN_ACCOUNT"
    BAD_SIGNATURE = "BAD_SIGNATURE"
    WRONG_NONCE = "WRONG_NONCE"
    EXPIRED = "EXPIRED"
    WRONG_OWNER = "WRONG_OWNER"
    UNKNOWN_INSTRUMENT = "UNKNOWN_INSTRUMENT"
    STALE_MARK = "STALE_MARK"
    INSTRUMENT_EXPIRED = "INSTRUMENT_EXPIRED"
    UNKNOWN_ORDER = "UNKNOWN_ORDER"
    DUPLICATE_ORDER = "DUPLICATE_ORDER"
    LIFETIME_OVER = "LIFETIME_OVER"
    ORDER_TOO_LARGE = "ORDER_TOO_LARGE"
    OFF_STEP = "OFF_STEP"
    OUTSIDE_BAND = "OUTSIDE_BAND"
    REDUCE_ONLY_WRONG_SIDE = "REDUCE_ONLY_WRONG_SIDE"
    REDUCE_ONLY_EXCEEDS_POSITION = "REDUCE_ONLY_EXCEEDS_POSITION"
    POST_ONLY_WOULD_TRADE = "POST_ONLY_WOULD_TRADE"
    NOT_FILLABLE = "NOT_FILLABLE"
    TOO_MANY_ORDERS = "TOO_MANY_ORDERS"
    BOOK_FULL = "BOOK_FULL"
    UNKNOWN_RECIPIENT = "UNKNOWN_RECIPIENT"
    SELF_TRANSFER = "SELF_TRANSFER"
    UNDERCOLLATERALISED = "UNDERCOLLATERALISED"
    INBOX_FULL = "INBOX_FULL"
    INBOX_EMPTY = "INBOX_EMPTY"
    TOO_MANY_ACCOUNTS = "TOO_MANY_ACCOUNTS"
    VAULT_FULL = "VAULT_FULL"
    NOTHING_TO_WITHDRAW = "NOTHING_TO_WITHDRAW"
    NO_ROUND = "NO_ROUND"
    FOREIGN_STATEMENT = "FOREIGN_STATEMENT"
    WRONG_ROUND = "WRONG_ROUND"
    STATEMENT_NOT_NEWER = "STATEMENT_NOT_NEWER"
    STATEMENT_AHEAD = "STATEMENT_AHEAD"
    STATEMENT_STALE = "STATEMENT_STALE"
    STATEMENT_INCOMPLETE = "STATEMENT_INCOMPLETE"
    NO_QUORUM = "NO_QUORUM"
    SETTLEMENT_MISSING = "SETTLEMENT_MISSING"
    ARRAY_MISSING = "ARRAY_MISSING"
    WRONG_EXPIRY = "WRONG_EXPIRY"
    SETTLEMENT_EARLY = "SETTLEMENT_EARLY"
    SETTLEMENT_FIXED = "SETTLEMENT_FIXED"
    SETTLEMENT_DIFFERS = "SETTLEMENT_DIFFERS"


NUMBERS: Final[dict[Reason, int]] = {
    Reason.OUT_OF_RANGE: 101,
    Reason.ROUND_OPEN: 102,
    Reason.TIME_BACKWARDS: 103,
    Reason.UNKNOWN_ACCOUNT: 201,
    Reason.BAD_SIGNATURE: 202,
    Reason.WRONG_NONCE: 203,
    Reason.EXPIRED: 204,
    Reason.WRONG_OWNER: 205,
    Reason.UNKNOWN_INSTRUMENT: 301,
    Reason.STALE_MARK: 302,
    Reason.INSTRUMENT_EXPIRED: 303,
    Reason.UNKNOWN_ORDER: 401,
    Reason.DUPLICATE_ORDER: 402,
    Reason.LIFETIME_OVER: 403,
    Reason.ORDER_TOO_LARGE: 404,
    Reason.OFF_STEP: 405,
    Reason.OUTSIDE_BAND: 406,
    Reason.REDUCE_ONLY_WRONG_SIDE: 407,
    Reason.REDUCE_ONLY_EXCEEDS_POSITION: 408,
    Reason.POST_ONLY_WOULD_TRADE: 409,
    Reason.NOT_FILLABLE: 410,
    Reason.TOO_MANY_ORDERS: 411,
    Reason.BOOK_FULL: 412,
    Reason.UNKNOWN_RECIPIENT: 501,
    Reason.SELF_TRANSFER: 502,
    Reason.UNDERCOLLATERALISED: 503,
    Reason.INBOX_FULL: 601,
    Reason.INBOX_EMPTY: 602,
    Reason.TOO_MANY_ACCOUNTS: 604,
    Reason.VAULT_FULL: 605,
    Reason.NOTHING_TO_WITHDRAW: 606,
    Reason.NO_ROUND: 701,
    Reason.FOREIGN_STATEMENT: 702,
    Reason.WRONG_ROUND: 703,
    Reason.STATEMENT_NOT_NEWER: 704,
    Reason.STATEMENT_AHEAD: 705,
    Reason.STATEMENT_STALE: 706,
    Reason.STATEMENT_INCOMPLETE: 707,
    Reason.NO_QUORUM: 708,
    Reason.SETTLEMENT_MISSING: 709,
    Reason.ARRAY_MISSING: 710,
    Reason.WRONG_EXPIRY: 711,
    Reason.SETTLEMENT_EARLY: 712,
    Reason.SETTLEMENT_FIXED: 713,
    Reason.SETTLEMENT_DIFFERS: 714,
}

SENTENCES: Final[dict[Reason, str]] = {
    Reason.OUT_OF_RANGE: "A quantity leaves its declared range.",
    Reason.ROUND_OPEN: "A clearing round is open, and nothing interleaves with it.",
    Reason.TIME_BACKWARDS: "The clock would run backwards.",
    Reason.UNKNOWN_ACCOUNT: "No deposit has opened this account.",
    Reason.BAD_SIGNATURE: "The owner's key did not sign this content for this chain, rollup and operation type.",
    Reason.WRONG_NONCE: "The message is not the next one of this account.",
    Reason.EXPIRED: "The message was valid only until an earlier time.",
    Reason.WRONG_OWNER: "The key that sent the message does not own the account.",
    Reason.UNKNOWN_INSTRUMENT: "The instrument is not listed.",
    Reason.STALE_MARK: "No risk may be judged: the marks are older than max_age, or an expiry is not paid out yet.",
    Reason.INSTRUMENT_EXPIRED: "The instrument has reached its expiry and takes no order and no fill.",
    Reason.UNKNOWN_ORDER: "The account has no such live order in this instrument.",
    Reason.DUPLICATE_ORDER: "The account already has a live order of this name in this instrument.",
    Reason.LIFETIME_OVER: "The order's own lifetime has ended before it could rest.",
    Reason.ORDER_TOO_LARGE: "The order, or the position after it, is larger than the instrument's cap.",
    Reason.OFF_STEP: "The price is not a multiple of the price step.",
    Reason.OUTSIDE_BAND: "A bid above the band or an ask below it.",
    Reason.REDUCE_ONLY_WRONG_SIDE: "A reduce-only order would not close the position.",
    Reason.REDUCE_ONLY_EXCEEDS_POSITION: "Resting reduce-only orders would total more than the position.",
    Reason.POST_ONLY_WOULD_TRADE: "A post-only order crosses the best live opposite order.",
    Reason.NOT_FILLABLE: "A fill-or-kill order cannot be filled whole.",
    Reason.TOO_MANY_ORDERS: "The account has as many live orders as it may have.",
    Reason.BOOK_FULL: "What would rest finds no place in the book; nothing is ever evicted.",
    Reason.UNKNOWN_RECIPIENT: "No deposit has opened the receiving account.",
    Reason.SELF_TRANSFER: "A transfer to the account itself.",
    Reason.UNDERCOLLATERALISED: "What remains would not cover the initial requirement with all resting orders.",
    Reason.INBOX_FULL: "The inbox holds as many waiting messages as it may hold.",
    Reason.INBOX_EMPTY: "No message waits in the inbox.",
    Reason.TOO_MANY_ACCOUNTS: "The rollup has as many accounts as it may have.",
    Reason.VAULT_FULL: "The vault would hold more than its cap.",
    Reason.NOTHING_TO_WITHDRAW: "Nothing is free to be withdrawn.",
    Reason.NO_ROUND: "No clearing round is open.",
    Reason.FOREIGN_STATEMENT: "The oracle statement is for another chain or rollup.",
    Reason.WRONG_ROUND: "The oracle statement is not for the next round.",
    Reason.STATEMENT_NOT_NEWER: "The oracle statement is not newer than the last one used.",
    Reason.STATEMENT_AHEAD: "The oracle statement is from after the clock.",
    Reason.STATEMENT_STALE: "The oracle statement is older than max_age.",
    Reason.STATEMENT_INCOMPLETE: "The oracle statement does not name every instrument before its expiry exactly once, in order.",
    Reason.NO_QUORUM: "Fewer than the required number of oracles signed the statement.",
    Reason.SETTLEMENT_MISSING: "An instrument has reached its expiry, and its settlement value is not fixed yet.",
    Reason.ARRAY_MISSING: "A quote of an option has no risk array of sixteen losses, or another quote has one.",
    Reason.WRONG_EXPIRY: "The settlement statement does not name the instrument's expiry.",
    Reason.SETTLEMENT_EARLY: "The instrument has not reached its expiry.",
    Reason.SETTLEMENT_FIXED: "The settlement value of the instrument is fixed already.",
    Reason.SETTLEMENT_DIFFERS: "Another instrument of the same reference and expiry is settled at another value.",
}

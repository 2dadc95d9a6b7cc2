"""The cards of all invariants: what must hold, who loses what when it does not, and how it is watched."""

from typing import Final

from settlespec.invariants.cards import Card, Distance, Severity

HONEST_EVENTS: Final = "The machine's own events and states are what is judged; a log that hides both hides the fault."

CONSERVATION: Final = Card(
    "CONSERVATION",
    "The vault holds exactly the cash of all accounts, the funds, the claims and the uncredited deposits.",
    Severity.FUNDS_LOST,
    "whoever leaves last, by what is missing",
    ("The base layer pays claims and nothing else.",),
    "vault = cash + insurance + treasury + funding pool + claims + waiting deposits - (owed - collected)",
    "vault, treasury, pool and what is owed change by what the events say; the running sum of cash keeps the equation",
    Distance.AT_ONCE,
    "A change of an account that no event names and the machine does not report is noticed at the next full one.",
)
ZERO_SUM: Final = Card(
    "ZERO-SUM",
    "The positions of a market sum to zero, its longs are its open interest, and funding only moves money.",
    Severity.FUNDS_LOST,
    "the insurance fund and then the gainers, by the position that nobody holds the other side of",
    (),
    "per market: positions sum to 0, longs are the open interest; holders are the accounts with positions",
    "running sums per market; every funding payment is the rule's, rounded against the account",
    Distance.AT_ONCE,
    "As CONSERVATION.",
)
NOBODY_OWES: Final = Card(
    "AT-REST-NOBODY-OWES",
    "Outside a clearing round nobody's equity is negative.",
    Severity.FUNDS_LOST,
    "the gainers, by the debt",
    ("Marks move in clearing rounds only (ORACLE-SANE).",),
    "equity >= 0 of every account, and an empty funding pool",
    "equity >= 0 of every account that the operation touched",
    Distance.AT_ONCE,
    "As CONSERVATION.",
)
EXIT_SOLVENCY: Final = Card(
    "EXIT-SOLVENCY",
    "If everybody left now, in any order, the vault could pay what each may take.",
    Severity.FUNDS_LOST,
    "whoever leaves last, by the gap",
    ("Escape pays equity at the marks of the last state at rest.",),
    "the sum of positive equities <= what the vault holds for accounts",
    "the same by a running sum",
    Distance.AT_ONCE,
    "Says nothing of a state inside a round: nobody can leave there.",
)
BOOK_UNCROSSED: Final = Card(
    "BOOK-UNCROSSED",
    "After every operation the best bid is below the best ask, and each ladder holds exactly its orders in precedence.",
    Severity.UNFAIR,
    "the owner of the crossing order, by the fill that he did not get",
    (),
    "best bid < best ask over all orders; ladders are the sorted keys of the orders",
    "the best orders of the books that the operation touched",
    Distance.AT_ONCE,
    "A ladder that is wrong behind its best order is noticed at the next full one.",
)
ORDER_LIMITS: Final = Card(
    "ORDER-LIMITS",
    "An order never fills more than was signed, nor worse, nor once dead; reduce-only never enlarges a position.",
    Severity.FUNDS_LOST,
    "the owner of the order, by lots he never ordered or a price he never gave",
    (HONEST_EVENTS,),
    "open-order totals are those of the book; resting reduce-only orders are at most the position, on its closing side",
    "each fill against the signed terms, through replacements; each order that leaves; totals of touched accounts",
    Distance.AT_ONCE,
    "The lifetime of an order that no operation meets is not looked at.",
)
PRICE_TIME: Final = Card(
    "PRICE-TIME",
    "Best price first, then first come: a second matcher gives the same fills at the resting order's price.",
    Severity.UNFAIR,
    "the owner of the order that was passed over, by the fill",
    (HONEST_EVENTS,),
    "the shadow book, kept from events, is the state's book",
    "each fill, skip and stop against the head of a shadow book; in full: all live orders sorted and walked again",
    Distance.AT_ONCE,
    "Orders that the machine refuses outright are not matched; the walk in full is made of one operation each time.",
)
HEALTH: Final = Card(
    "HEALTH-AFTER-OP",
    "After an owner's operation the initial requirement is covered at the mark, or the operation strictly reduced risk.",
    Severity.FUNDS_LOST,
    "the insurance fund and then the gainers, by the loss that no margin covered",
    ("The mark is the price at which risk is judged (ORACLE-SANE).",),
    "",
    "both sides of each fill one by one, and the owner's resting orders, transfers and withdrawals at the end",
    Distance.AT_ONCE,
    "It judges what was accepted: that a healthy operation is refused is no violation here.",
)
INSURANCE: Final = Card(
    "INSURANCE",
    "The insurance fund changes only by fees, roundings and proven shortfalls, and is never negative.",
    Severity.FUNDS_LOST,
    "the fund, and then the gainers",
    (HONEST_EVENTS,),
    "insurance >= 0",
    "its change is the sum of liquidation fees, funding and haircut roundings, less payments; each shortfall is proven",
    Distance.AT_ONCE,
    "",
)
LIQUIDATION_FAIR: Final = Card(
    "LIQ-FAIR",
    "Only accounts below maintenance are touched, in their order, no more than needed, and never left worse per risk.",
    Severity.UNFAIR,
    "the account that is closed, or the one it is closed against",
    (HONEST_EVENTS, "The marks of the round's statement."),
    "",
    "gains, defaults, ranking of closes at the mark, haircuts, breaches, and each fill of a liquidation",
    Distance.AT_ONCE,
    "Which leg of an account is closed first on the book is not ranked again.",
)
NO_DOUBLE_SPEND: Final = Card(
    "NO-DOUBLE-SPEND",
    "Each inbox message, claim and funding interval is used once.",
    Severity.FUNDS_LOST,
    "the vault, by what is paid twice",
    ("An index below a cursor is never given again, so that one step after the other covers all time.",),
    "waiting messages fill the indices from the cursor on, claims those below the next; their sums are as stated",
    "the index at the cursor is taken once, each claim takes the next index, each holder is revalued in his turn",
    Distance.AT_ONCE,
    "A changed claim or message of an earlier operation is noticed at the next full one.",
)
NONCE: Final = Card(
    "NONCE-MONO",
    "An accepted message has the next nonce of its account, and nothing else moves a nonce.",
    Severity.FUNDS_LOST,
    "the owner whose message takes effect twice",
    (),
    "",
    "nonces before and after of the signer and of every account that the operation touched",
    Distance.AT_ONCE,
    "As CONSERVATION.",
)
AUTHORITY: Final = Card(
    "AUTH",
    "Every change of an account is justified by its owner's signature, an inbox message, or a step of a round.",
    Severity.FUNDS_LOST,
    "the owner of the account, by what was taken",
    ("Nobody forges signatures.", HONEST_EVENTS),
    "",
    "the signature over content encoded anew; cash, lots and orders change as the events say and whom they may concern",
    Distance.AT_ONCE,
    "As CONSERVATION.",
)
ATOMICITY: Final = Card(
    "ATOMICITY",
    "A rejected operation leaves the state as it was; an accepted one changes only what its events name.",
    Severity.FUNDS_LOST,
    "anybody",
    (),
    "",
    "written accounts and books are named by events; in full: every account and order since the last full one",
    Distance.FULL,
    "What the machine reports as written is judged at once, an unreported write at the next full one.",
)
ORACLE_SANE: Final = Card(
    "ORACLE-SANE",
    "Marks come only from a statement with quorum, strictly newer, fresh and complete, and risk is judged by fresh marks.",
    Severity.FUNDS_LOST,
    "whoever is judged at a false mark",
    ("More than half of the oracles are honest.",),
    "every market says what follows from its mark: risk array and band",
    "the statement's quorum and terms verified anew; marks and their time change only as it says",
    Distance.AT_ONCE,
    "How far an honest statement may move a mark is not bounded.",
)
DETERMINISM: Final = Card(
    "DETERMINISM",
    "A second execution of the same operations, with every container in another order, gives the same answers and state.",
    Severity.UNTRUSTWORTHY,
    "everybody: two honest parties disagree about the state",
    (),
    "",
    "in full: the last operations executed again from the state before them with reversed containers",
    Distance.FULL,
    "Only the last operations before each full one are executed again.",
)

CARDS: Final = (
    CONSERVATION,
    ZERO_SUM,
    NOBODY_OWES,
    EXIT_SOLVENCY,
    BOOK_UNCROSSED,
    ORDER_LIMITS,
    PRICE_TIME,
    HEALTH,
    INSURANCE,
    LIQUIDATION_FAIR,
    NO_DOUBLE_SPEND,
    NONCE,
    AUTHORITY,
    ATOMICITY,
    ORACLE_SANE,
    DETERMINISM,
)
"""Every invariant of the machine, in the order of a report."""

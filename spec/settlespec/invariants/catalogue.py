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
    "vault, treasury, pool, what is owed and what waits change by what events say; the running sum of cash keeps the equation",
    Distance.AT_ONCE,
    "A change of an account that no event names and the machine does not report as written is noticed at the next full one.",
)
ZERO_SUM: Final = Card(
    "ZERO-SUM",
    "The positions of a market sum to zero, its longs are its open interest, and funding only moves money.",
    Severity.FUNDS_LOST,
    "the insurance fund and then the gainers, by the position that nobody holds the other side of",
    (HONEST_EVENTS,),
    "per market: positions sum to 0, longs are the open interest; holders are the accounts with positions",
    "running sums of the markets that events name; whether each account that traded is a holder; every funding payment",
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
    "equity >= 0 of every account whose money or lots the operation changed",
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
    "of each book that changed: the best orders of the shadow book do not cross, and the ladders begin with them",
    Distance.AT_ONCE,
    "A ladder that is wrong behind its best order is noticed at the next full one.",
)
ORDER_LIMITS: Final = Card(
    "ORDER-LIMITS",
    "An order does what was signed, within step, band and caps: never more, never worse, never once dead, and never across its kind.",
    Severity.FUNDS_LOST,
    "the owner of the order, by lots he never ordered or a price he never gave",
    (HONEST_EVENTS,),
    "every live order is its owner's, open-order totals are theirs, and resting reduce-only ones total at most the position",
    "terms at placing; each fill, through replacements; post-only, fill-or-kill and immediate ones; caps where one rests; totals",
    Distance.AT_ONCE,
    "The lifetime of an order that no operation meets is not looked at; a refused order is not judged.",
)
PRICE_TIME: Final = Card(
    "PRICE-TIME",
    "Best price first, then first come: a second matcher gives the same fills at the resting order's price.",
    Severity.UNFAIR,
    "the owner of the order that was passed over, by the fill",
    (HONEST_EVENTS,),
    "the shadow book, kept from events, is the state's book",
    "each fill, skip and stop against the head of a shadow book; in full: the last trading order matched again by sorting",
    Distance.AT_ONCE,
    "Orders that the machine refuses outright are not matched.",
)
HEALTH: Final = Card(
    "HEALTH-AFTER-OP",
    "After an owner's operation the initial requirement is covered at the mark, or the operation strictly reduced risk.",
    Severity.FUNDS_LOST,
    "the insurance fund and then the gainers, by the loss that no margin covered",
    ("The mark is the price at which risk is judged (ORACLE-SANE).",),
    "",
    "both sides of each fill one by one, makers of liquidations too; the owner's resting orders, transfers and withdrawals",
    Distance.AT_ONCE,
    "It judges what was accepted: that a healthy operation of an owner is refused is no violation here.",
)
INSURANCE: Final = Card(
    "INSURANCE",
    "The insurance fund changes only by fees, roundings and proven shortfalls, and is never negative.",
    Severity.FUNDS_LOST,
    "the gainers, by what the fund no longer pays for them",
    (HONEST_EVENTS,),
    "insurance >= 0",
    "its change is the sum of liquidation fees, funding and haircut roundings, less payments; each shortfall is proven",
    Distance.AT_ONCE,
    "How large a fund must be is not said anywhere.",
)
LIQUIDATION_FAIR: Final = Card(
    "LIQ-FAIR",
    "Accounts below maintenance, all of them and no others, are closed in their order, no more than needed, never worse per risk.",
    Severity.UNFAIR,
    "the account that is closed, or the one it is closed against",
    (HONEST_EVENTS, "The marks of the round's statement."),
    "",
    "gains, closes at the mark, haircuts, breaches and their counts, lists of the stages, each turn and each fill of a liquidation",
    Distance.AT_ONCE,
    "Which leg is closed first on the book is not ranked again, nor how many micro-steps the operation took that ends a round.",
)
NO_DOUBLE_SPEND: Final = Card(
    "NO-DOUBLE-SPEND",
    "Each inbox message, claim and funding interval is used once.",
    Severity.FUNDS_LOST,
    "the vault, by what is paid twice",
    ("An index below a cursor is never given again, so that one step after the other covers all time.",),
    "waiting messages fill the indices from the cursor on, claims those below the next; their sums are as stated",
    "the cursor's message is taken once, each claim takes the next index, each holder settles one interval, which stays as it began",
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
    "nonces before and after of the signer and of every account that an event names or the machine reports as written",
    Distance.AT_ONCE,
    "As CONSERVATION.",
)
AUTHORITY: Final = Card(
    "AUTH",
    "What changes an account is its owner's signature, an inbox message, or a step of a round; no message is refused without cause.",
    Severity.FUNDS_LOST,
    "the owner of the account, by what was taken from him, or kept back",
    ("Nobody forges signatures.", HONEST_EVENTS),
    "",
    "the signature over content encoded anew; cash, lots and keys change as events say; what must become of a message",
    Distance.AT_ONCE,
    "As CONSERVATION.",
)
ATOMICITY: Final = Card(
    "ATOMICITY",
    "A rejected operation leaves the state as it was; an accepted one changes only what its events name.",
    Severity.FUNDS_LOST,
    "whoever is changed in silence, by what he had",
    (),
    "",
    "accounts reported as written and books that changed are named by events; in full: accounts and orders that no event named",
    Distance.FULL,
    "Of a rejection the fields of the state are compared, not what they hold: records cannot change in place.",
)
ORACLE_SANE: Final = Card(
    "ORACLE-SANE",
    "Marks come only from a statement with quorum, strictly newer, fresh and complete, and risk is judged by fresh marks.",
    Severity.FUNDS_LOST,
    "whoever is judged at a false mark",
    ("More than half of the oracles are honest.",),
    "every market says what follows from its mark: risk array and band",
    "quorum and terms of the statement, which an open round keeps; marks and their time change as it says; fresh marks for owners",
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
    "in full: the last operations executed again from the state before them, maps iterated backwards and ladders divided otherwise",
    Distance.FULL,
    "Only the last operations before each full one are executed again; the digest of the whole state is compared at the end of a run.",
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

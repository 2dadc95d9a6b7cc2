"""The cards of what must hold from a batch to finality: who loses what when it does not, and where it is checked."""

from typing import Final

from attrs import frozen

from settlespec.invariants.cards import Severity


@frozen
class SettlingCard:
    """An invariant about batches and the base layer."""

    id: str
    sentence: str
    severity: Severity
    loses: str
    """Who loses what when it breaks."""
    assumptions: tuple[str, ...]
    of_block: str
    """What is judged after each block or batch; empty where a run shows nothing."""
    of_run: str
    """What is judged once, at the end of a run; empty where nothing is."""
    tests: tuple[str, ...]
    """The tests that check it against an adversary."""
    limits: str
    """What it does not see."""


HONEST_HASH: Final = "Nobody finds two inputs of the hash function with one digest."

CHAIN_LINK: Final = SettlingCard(
    "CHAIN-LINK",
    "Every batch begins where the one before it ended: number, root, clock, inbox, outbox and data.",
    Severity.FUNDS_LOST,
    "whoever is in a batch that is skipped or counted twice",
    (HONEST_HASH,),
    "each committed header against the one before it, field by field, as the chain has them",
    "",
    ("tests/settlement/test_validity_commits.py",),
    "A reorganisation is not followed; the audited run has none.",
)
BINDING: Final = SettlingCard(
    "BINDING",
    "A header says all that its batch is: operations, messages, claims, published bytes and state.",
    Severity.FUNDS_LOST,
    "whoever relies on a header that fits two batches",
    (HONEST_HASH,),
    "the hash chains of inbox, outbox, data and operations, linked anew from what the base layer has",
    "the tree made anew from every leaf of the last state has the root of the last header",
    ("tests/proofs/test_soundness.py", "tests/commitment/test_header.py", "tests/commitment/test_proofs.py"),
    "Roots in between are compared by whoever rebuilds the state from published bytes (DA-GATE).",
)
COMPLETE: Final = SettlingCard(
    "COMPLETE",
    "Whatever honest operations reach has a proof: every accepted operation is in one batch, and every batch is proven.",
    Severity.FUNDS_LOST,
    "everybody, by what is locked behind a batch that nobody can prove",
    ("The prover has the state.",),
    "each sealed batch has the accepted operations since the last one, in their order",
    "every batch is proven in a final block",
    ("tests/proofs/test_completeness.py",),
    "Batches that are proven on the sealer's word show nothing of the prover; the report says how many were by witness.",
)
DA_GATE: Final = SettlingCard(
    "DA-GATE",
    "No batch is committed without the bytes that rebuild its state, in the same transaction.",
    Severity.FUNDS_LOST,
    "every owner: nobody could prove a way out",
    ("The base layer keeps what was published for as long as somebody wants to leave.",),
    "the bytes of each commitment are the body that its header is bound to",
    "the tree rebuilt from published bytes alone has the last exit root",
    ("tests/settlement/test_validity_commits.py", "tests/commitment/test_independent_decoder.py"),
    "That somebody keeps blobs beyond their time is not looked at.",
)
FINALITY: Final = SettlingCard(
    "FINALITY",
    "What is final stays: no final exit root, message or payout changes, and no operation goes back in its status.",
    Severity.FUNDS_LOST,
    "whoever acted on what was final",
    ("No reorganisation is deeper than the finality depth.",),
    "the final contract goes on from the one before; the status of batches only rises",
    "every operation of the flow is final",
    ("tests/settlement/test_validity_reorgs.py",),
    "The audited run has no reorganisation; the tests have.",
)
PAID_ONCE: Final = SettlingCard(
    "NO-DOUBLE-SPEND-ON-BASE",
    "Across deposits, claims, refunds and escapes each money is paid once, and the vault holds what came in less what left.",
    Severity.FUNDS_LOST,
    "whoever leaves last, by what is paid twice",
    (),
    "deposits and payouts of each block against the vault; no payout has a name that was used",
    "every claim is paid in a final block, and nothing that is asked for again is granted",
    ("tests/settlement/test_validity_money.py", "tests/settlement/test_validity_exits.py"),
    "",
)
SOLVENT_AFTER_FREEZE: Final = SettlingCard(
    "EXIT-SOLVENCY-AFTER-FREEZE",
    "After a freeze escapes, claims and refunds are together exactly what the vault holds less the funds.",
    Severity.FUNDS_LOST,
    "whoever leaves last, by the gap",
    ("The exit root is that of a state that the machine came to.",),
    "",
    "in another future of the same base layer the operator is gone, the rollup is frozen, and everybody leaves",
    (
        "tests/settlement/test_validity_money.py::"
        "test_after_a_freeze_everybody_gets_everything_in_any_order_and_the_vault_never_lacks",
    ),
    "The insurance fund, the treasury and the funding pool stay: no rule says whose they are. Where an exit root lies between a settlement "
    "value and its round, it pays the marks from before the expiry.",
)
BATCH_SOUND: Final = SettlingCard(
    "BATCH-SOUND",
    "A prover that picks header, operations, witness and their order freely has no false batch accepted.",
    Severity.FUNDS_LOST,
    "everybody, by what the false state gives away",
    (HONEST_HASH,),
    "",
    "",
    (
        "tests/proofs/test_soundness.py::test_no_field_of_the_header_can_be_changed",
        "tests/proofs/test_soundness.py::test_no_spoiled_byte_of_a_small_proof_is_accepted",
        "tests/proofs/test_soundness.py::"
        "test_operations_in_another_order_dropped_or_doubled_show_only_what_the_machine_does_with_them",
        "tests/commitment/test_contradicting_leaves.py",
        "tests/commitment/test_witness.py",
    ),
    "A run has an honest prover and shows nothing of this.",
)
LIVE_EXIT: Final = SettlingCard(
    "LIVE-EXIT",
    "Whatever the operator does, an owner without positions is out within a stated number of blocks.",
    Severity.FUNDS_LOST,
    "the owner, by what stays locked",
    ("The base layer includes what pays its fee within a stated number of blocks.",),
    "",
    "",
    ("tests/settlement/test_validity_exits.py::test_an_owner_is_out_with_everything_within_the_bound",),
    "A run has an honest operator and shows nothing of this; what backs a position needs a counterparty.",
)

JUDGED_ON_A_RUN: Final = (
    CHAIN_LINK,
    BINDING,
    COMPLETE,
    DA_GATE,
    FINALITY,
    PAID_ONCE,
    SOLVENT_AFTER_FREEZE,
)
"""Those that an audit counts, in the order of a report."""

AGAINST_AN_ADVERSARY: Final = (BATCH_SOUND, LIVE_EXIT)
"""Those of which only a test with an adversary says anything."""

SETTLING_CARDS: Final = (*JUDGED_ON_A_RUN, *AGAINST_AN_ADVERSARY)

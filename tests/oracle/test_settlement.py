"""The half of `settlespec audit` from the batch to finality, on the preset `minimal`."""

import json
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from jsonschema import Draft202012Validator

from settlespec.commitment.encoding import Writer
from settlespec.commitment.measuring import STARKEX_ASSET, BodyBytes
from settlespec.domain.outcomes import SpecBug
from settlespec.invariants.settling import JUDGED_ON_A_RUN
from settlespec.machine.genesis import initial_state
from settlespec.machine.signatures import Ed25519, Ideal, Signer
from settlespec.oracle.audit import settle, why_not_settled
from settlespec.oracle.auditing import Plan, Run
from settlespec.oracle.command import run
from settlespec.oracle.exit_codes import ExitCode
from settlespec.oracle.pace import pace
from settlespec.oracle.plain_tables import PlainTable
from settlespec.oracle.report import schema
from settlespec.oracle.settlement_findings import BODIES, SettlementFinding
from settlespec.oracle.settlement_pictures import SETTLED_SUBJECTS, settlement_pictures
from settlespec.oracle.settlement_tables import SIGNATURE_BYTES, settlement_tables
from settlespec.oracle.settling import Settlement, SettlementPlan
from tests.oracle.audited import HOLDS, broken, scripted

STEPS = 1_200

Captured = pytest.CaptureFixture[str]


def ran(*answers: Any, steps: int = STEPS) -> Run:
    made = Run(Plan(preset="minimal", steps=steps), scripted(*(answers or (HOLDS,))))
    with pace("operations", None) as counting:
        made.go(counting)
    return made


@pytest.fixture(scope="module", params=["log", "diff"])
def settled(request: pytest.FixtureRequest) -> SettlementFinding:
    found = settle(ran(), SettlementPlan(body=request.param, every=1 if request.param == "diff" else 3))
    assert found is not None
    return found


def test_every_trade_is_final_and_every_invariant_of_a_run_was_judged(settled: SettlementFinding) -> None:
    ending = settled.statuses["at the end"]
    assert ending["final"] == settled.trading.trades > 0
    assert sum(ending.values()) == ending["final"]
    assert [finding.id for finding in settled.invariants] == [card.id for card in JUDGED_ON_A_RUN]
    assert {finding.status for finding in settled.invariants} == {"holds"}


def test_everybody_leaves_and_is_paid_to_the_quantum(settled: SettlementFinding) -> None:
    claims = next(figure for figure in settled.gas if figure.kind == "ClaimMoney")
    assert (claims.count, claims.refused) == (settled.claims, 0)
    assert settled.claims > 0
    drill = settled.drill
    assert drill.paid == drill.held - drill.funds > 0
    assert drill.waited > 7 * 86_400_000


def test_proofs_by_witness_are_the_stated_share(settled: SettlementFinding) -> None:
    batches = settled.batches + settled.closing_batches
    assert settled.by_witness == tuple(range(1, batches + 1, settled.every))


def test_finality_comes_after_the_commitment_and_the_finality_depth(settled: SettlementFinding) -> None:
    committed, final = settled.latencies
    assert 0 < committed.median <= committed.ninety_ninth < 60_000
    assert final.median >= committed.median + 64 * 12_000


def test_a_proof_that_joins_more_operations_takes_less_for_each(settled: SettlementFinding) -> None:
    each = [(figure.log + figure.witness) / figure.operations for figure in settled.proofs]
    assert each[0] > each[1] > each[-1]


def test_every_table_has_its_cells_and_every_picture_is_drawn(settled: SettlementFinding) -> None:
    for table in settlement_tables(settled, "ideal"):
        assert table.rows, table.title
        assert all(len(row) == len(table.columns) for row in table.rows), table.title
    assert [picture.name for picture in settlement_pictures(settled)] == [subject.name for subject in SETTLED_SUBJECTS]


def table_of(settled: SettlementFinding, title: str, signatures: str = "ideal") -> PlainTable:
    return next(table for table in settlement_tables(settled, signatures) if table.title == title)


def test_operations_of_the_flow_and_of_its_openings_are_told_apart(settled: SettlementFinding) -> None:
    opened = evolve(settled, opening=BodyBytes(operations=2_000))
    for found, said in ((settled, ""), (opened, ", and 2,000 of the openings")):
        (row,) = [row for row in table_of(found, "From batch to finality").rows if row[0] == "batches of the flow"]
        assert row[2] == f"{settled.trading.operations:,} operations{said}"


def test_what_other_systems_publish_is_counted_for_the_very_same_batches(settled: SettlementFinding) -> None:
    assert all(length.bodies.starkex > length.bodies.exit_diff for length in settled.lengths if length.bodies.batches)
    for row in table_of(settled, "Bytes per trade against the length of a batch").rows:
        (length,) = [one for one in settled.lengths if f"{one.trades_per_batch:,}" == row[0]]
        assert float(row[-1]) == pytest.approx(length.bodies.starkex / length.bodies.trades, abs=0.06)
        assert length.bodies.starkex % STARKEX_ASSET == 0
    said = table_of(settled, "What is published").note
    assert f"for these batches {settled.trading.starkex / settled.trading.trades:,.1f} per trade" in said


@pytest.mark.parametrize(("scheme", "signer"), [("ideal", Ideal()), ("ed25519", Ed25519())])
def test_proofs_say_whose_signatures_their_logs_hold(settled: SettlementFinding, scheme: str, signer: Signer) -> None:
    writer = Writer()
    writer.text(signer.sign(1, b"content"))
    assert len(writer) == SIGNATURE_BYTES[scheme]
    note = table_of(settled, "Proofs by witness", scheme).note
    assert f"with their signatures, of the scheme {scheme} with {len(writer)} bytes each" in note


def test_the_json_says_the_way_to_finality_under_keys_that_do_not_change(capsys: Captured) -> None:
    arguments = ["audit", "--preset", "minimal", "--no-laws", "--steps", "300", "--format", "json"]
    assert run(arguments) == ExitCode.HOLDS
    report = json.loads(capsys.readouterr().out)
    assert list(Draft202012Validator(schema()).iter_errors(report)) == []
    told = report["totals"]["settlement"]
    assert set(told) == {
        "batch_lengths",
        "batches",
        "batches_by_witness",
        "blocks",
        "body",
        "bytes",
        "claimed_quantums",
        "claims",
        "closing_batches",
        "drill",
        "ether_price_quantums",
        "gas",
        "latency_milliseconds",
        "lead_milliseconds",
        "messages",
        "proofs",
        "refused_deposits_quantums",
        "trades_by_status",
        "witness_every",
    }
    assert set(told["bytes"]) == set(BODIES)


def test_the_command_that_gives_the_run_again_settles_it_in_the_same_way(capsys: Captured) -> None:
    options = ["--body", "diff", "--witness-every", "2", "--ether-price", "7"]
    again = ["audit", "--preset", "minimal", "--seed", "1", *options, "--steps", "20", "--no-laws"]
    assert run([*again, "--format", "json"]) == ExitCode.HOLDS
    assert json.loads(capsys.readouterr().out)["totals"]["replay"] == " ".join(["settlespec", *again])


def test_a_broken_run_is_not_settled() -> None:
    assert why_not_settled(ran(broken(), steps=50), SettlementPlan()).startswith("what a broken run")
    assert why_not_settled(ran(steps=50), SettlementPlan()) == ""


def test_a_run_that_led_elsewhere_without_the_base_layer_is_a_defect() -> None:
    made = ran(steps=60)
    other = evolve(initial_state(made.genesis), insurance=1)
    with pace("operations", None) as counting, pytest.raises(SpecBug, match="another state"):
        Settlement(made.plan, SettlementPlan(), made.rehearsal).go(other, counting)


def test_files_without_batches_to_write_are_wrong_usage(tmp_path: Path, capsys: Captured) -> None:
    arguments = ["audit", "--preset", "minimal", "--no-settlement", "--batches", str(tmp_path)]
    assert run(arguments) == ExitCode.WRONG_USAGE
    assert "--no-settlement" in capsys.readouterr().err

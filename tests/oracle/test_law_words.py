"""A law in words: everything that it states is told, in full and on the page."""

import json

import pytest

from settlespec.laws.statement import Ground, GroundKind, Law, catalogue
from settlespec.oracle.command import run
from settlespec.oracle.exit_codes import ExitCode
from settlespec.oracle.law_words import NOTHING, markdown

LAWS = {law.id: law for law in catalogue()}


def why(ground: Ground) -> str:
    words = {GroundKind.IMPLIED: f"implied by {ground.by}", GroundKind.WORLD: "of the world"}
    return words.get(ground.kind, "as the case of which it speaks")


def first_that_rests_on(kind: GroundKind) -> Law:
    return next(law for law in LAWS.values() if any(ground.kind is kind for ground in law.assumes))


TOLD = {
    "implied": first_that_rests_on(GroundKind.IMPLIED),
    "world": first_that_rests_on(GroundKind.WORLD),
    "case": first_that_rests_on(GroundKind.CASE),
    "nothing": next(law for law in LAWS.values() if not law.assumes),
    "composed": next(law for law in LAWS.values() if law.composes),
    "canary": LAWS["CANARY-1"],
}


@pytest.mark.parametrize("law", TOLD.values(), ids=TOLD)
def test_a_law_that_is_asked_for_is_told_in_full(law: Law, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["rules", law.id]) == ExitCode.HOLDS
    first, *told = capsys.readouterr().out.splitlines()
    assert first == f"{law.id} {'canary' if law.is_canary else 'law'}: {law.sentence}"
    expected = [
        f"rules: {', '.join(law.rules)}",
        f"shape: {law.shape}",
        *(f"takes for granted, {why(ground)}: {ground.sentence}" for ground in law.assumes),
        *([] if law.assumes else [f"takes for granted: {NOTHING}"]),
        *([f"composes: {', '.join(law.composes)}"] if law.composes else []),
        f"at stake: {law.loses}",
    ]
    assert [line.strip() for line in told[:-1]] == expected
    assert told[-1].strip().startswith(f"place: {law.module.replace('.', '/')}.py:")


def test_the_json_of_the_rules_has_what_every_law_rests_on(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["rules", "--format", "json"]) == ExitCode.HOLDS
    rows = {row["id"]: row for row in json.loads(capsys.readouterr().out)["rules"] if row["kind"] in ("law", "canary")}
    assert {name: (row["assumes"], row["composes"]) for name, row in rows.items()} == {
        law.id: (
            [{"kind": one.kind, "by": one.by, "sentence": one.sentence} for one in law.assumes],
            list(law.composes),
        )
        for law in LAWS.values()
    }


def test_the_page_has_every_law_with_all_that_it_takes_for_granted() -> None:
    page = markdown(catalogue())
    for law in LAWS.values():
        (told,) = [part for part in page.split("### ") if part.startswith(f"{law.id}\n")]
        assert law.sentence in told
        assert all(f"takes for granted, {why(ground)}: {ground.sentence}\n" in told for ground in law.assumes)
        assert (NOTHING in told) is not bool(law.assumes)
    grounds = [ground for law in LAWS.values() if not law.is_canary for ground in law.assumes]
    assert f"name {len(grounds)} grounds" in page
    assert f"{sum(ground.kind is GroundKind.WORLD for ground in grounds)} are assumptions about the world" in page

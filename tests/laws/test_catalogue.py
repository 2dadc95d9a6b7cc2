"""The promises of the catalogue: every rule has its law, nothing is assumed without a ground, and what is composed is there."""

import importlib
import pkgutil
from collections.abc import Mapping

import pytest

from settlespec.engines.arguments import ConditionLeaf, IntegerLeaf, build, concrete_shapes, structures_of
from settlespec.invariants.catalogue import CARDS
from settlespec.laws.statement import Ground, GroundKind, Law, ReaderOfGrounds, catalogue, read_by
from settlespec.oracle.rulebook import Statement, statements

CATALOGUE = catalogue()
LAWS = {stated.id: stated for stated in CATALOGUE if not stated.is_canary}
STATEMENTS = statements()
RULES = tuple(statement for statement in STATEMENTS if statement.place.startswith("settlespec.rules."))
NAMED = {card.id for card in CARDS} | LAWS.keys() | {statement.id for statement in STATEMENTS}
"""What an assumption can be implied by: invariants, laws and rules."""

WITHOUT_LAW: Mapping[str, str] = {}
"""Rules that no law covers, each with the reason."""

ROUNDED_BY = {
    "BASE-1": "BASE-1c",
    "BASE-2": "BASE-2a",
    "BASE-3": "BASE-3a",
    "BASE-4": "BASE-4b",
    "BASE-5": "BASE-5a",
    "FEE-1": "FEE-1b",
    "FEE-2": "FEE-2b",
    "FEE-3": "FEE-3c",
    "FUND-3": "FUND-3a",
    "LIQ-3": "LIQ-3b",
    "LIQ-4": "LIQ-4b",
    "LIQ-5": "LIQ-5a",
    "LIQ-6.3": "LIQ-6b",
    "MARGIN-4": "MARGIN-4a",
    "MARGIN-5": "MARGIN-5b",
    "MARGIN-5.2": "MARGIN-5b",
    "MARGIN-6": "MARGIN-6b",
    "MARGIN-6.2": "MARGIN-6c",
    "MARGIN-15": "MARGIN-15g",
    "TRADE-3": "TRADE-3f",
    "TRADE-4": "TRADE-3c",
    "TRADE-5": "TRADE-5b",
    "TRADE-5.2": "TRADE-5a",
    "TRADE-5.3": "TRADE-5a",
    "TRADE-5.4": "TRADE-5c",
}
"""Every rule that divides, and the law that says in which direction it rounds."""

PROMISED = {
    "revalue": ("ROUND-4a", "ROUND-4b"),
    "expire": ("EXPIRY-5a",),
    "default": ("LIQ-8c", "LIQ-8d", "ROUND-5a"),
    "haircut": ("ROUND-6a",),
    "assess": ("ROUND-7a",),
    "discard": ("TRADE-5d",),
    "liquidate": ("LIQ-4c", "LIQ-5a", "ROUND-8a"),
    "at rest nobody owes": ("ROUND-1a",),
    "bystanders never pay": ("ROUND-1b",),
    "breach to execution within patience rounds and one": ("LIQ-13a", "LIQ-14a"),
    "the move that margin survives over d rounds": ("MARGIN-3f", "MARGIN-3g"),
    "split and merge of orders and closes": (
        "FEE-1c",
        "FEE-2c",
        "LIQ-4d",
        "MARGIN-7e",
        "TRADE-3d",
        "TRADE-4b",
        "TRADE-7b",
    ),
    "no two operations free collateral that one would not": ("CUST-2b", "CUST-2c", "CUST-2d", "CUST-2e", "MARGIN-9b"),
    "the direction of every rounding": tuple(sorted(set(ROUNDED_BY.values()))),
    "withdrawal, refund and escape never pay twice": ("CUST-8a", "VALID-12a", "VALID-12b", "VALID-15a"),
    "everybody can be paid": ("VALID-14a",),
    "one root follows from a previous root and published bytes": ("TREE-5b", "VALID-6a", "VALID-6b"),
    "the caps of genesis imply that a signed round is accepted": (
        "GENESIS-1a",
        "GENESIS-1b",
        "GENESIS-1c",
        "STEP-2a",
        "TRADE-3e",
    ),
    "base fee and blob fee updates": ("BASE-1a", "BASE-1b", "BASE-1c", "BASE-3b", "BASE-4a", "BASE-4b"),
    "the windows of forced requests": ("CUST-9a", "OUT-5a", "VALID-13a", "VALID-13b"),
}
"""What the catalogue is for, and the laws that say it."""


def modules() -> list[str]:
    package = importlib.import_module("settlespec.rules")
    return [f"settlespec.rules.{module.name}" for module in pkgutil.iter_modules(package.__path__)]


def grounds_of(stated: Law) -> list[Ground | None]:
    """What the assumptions of a law name as their grounds, in the order in which they are made."""
    structures = next(concrete_shapes(structures_of(stated.arguments)))
    reader = ReaderOfGrounds()
    with read_by(reader):
        stated.function(**{name: build(structure, name, largest) for name, structure in structures.items()})
    return reader.grounds


def largest(name: str, leaf: IntegerLeaf | ConditionLeaf) -> int | bool:
    """The largest value of a leaf, with which any law can be run to its end; 0 where there is none."""
    return True if isinstance(leaf, ConditionLeaf) else leaf.high or 0


def test_there_are_at_least_a_hundred_and_ten_laws():
    assert len(LAWS) >= 110


@pytest.mark.parametrize("module", modules())
def test_every_file_of_rules_has_its_laws(module: str):
    there = {rule.id for rule in RULES if rule.place.startswith(f"{module}.")}
    assert there & {rule for stated in LAWS.values() for rule in stated.rules}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_every_rule_is_covered_by_a_law(rule: Statement):
    covered = any(rule.id in stated.rules for stated in LAWS.values())
    assert covered != (rule.id in WITHOUT_LAW)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_law_says_how_each_rule_that_divides_rounds(rule: Statement):
    divides = "floor_div(" in rule.code or "ceil_div(" in rule.code
    assert divides == (rule.id in ROUNDED_BY)
    if divides:
        assert rule.id in LAWS[ROUNDED_BY[rule.id]].rules


@pytest.mark.parametrize("promise", PROMISED)
def test_what_was_promised_has_laws(promise: str):
    assert set(PROMISED[promise]) <= LAWS.keys()


@pytest.mark.parametrize("stated", CATALOGUE, ids=lambda stated: stated.id)
def test_every_law_says_what_is_concrete_in_it(stated: Law):
    assert stated.shape
    assert not stated.shape.endswith(".")


@pytest.mark.parametrize("stated", CATALOGUE, ids=lambda stated: stated.id)
def test_nothing_is_assumed_without_one_of_the_grounds_that_the_law_states(stated: Law):
    assert tuple(dict.fromkeys(grounds_of(stated))) == stated.assumes


@pytest.mark.parametrize("stated", CATALOGUE, ids=lambda stated: stated.id)
def test_what_implies_an_assumption_exists(stated: Law):
    for ground in stated.assumes:
        assert ground.sentence
        assert not ground.sentence.endswith(".")
        assert (ground.kind is GroundKind.IMPLIED) == bool(ground.by)
        assert not ground.by or ground.by in NAMED


@pytest.mark.parametrize("stated", CATALOGUE, ids=lambda stated: stated.id)
def test_a_composition_is_one_of_other_laws(stated: Law):
    assert set(stated.composes) <= LAWS.keys() - {stated.id}
    assert len(set(stated.composes)) == len(stated.composes)


def test_no_law_is_a_composition_of_itself_nor_rests_on_itself():
    rests = {
        name: {*stated.composes, *(ground.by for ground in stated.assumes if ground.by in LAWS)}
        for name, stated in LAWS.items()
    }
    settled: set[str] = set()
    while len(settled) < len(rests):
        ready = {name for name, others in rests.items() if name not in settled and others <= settled}
        assert ready, f"a circle among {sorted(rests.keys() - settled)}"
        settled |= ready

"""Arguments that a mutant is the rule: they stand for mutants that are there, that survive, and that nobody proved to be the rule."""

import re
from importlib import import_module
from pathlib import Path

import pytest

from settlespec.domain.errors import BadInput
from settlespec.domain.quantities import Range
from settlespec.engines.arguing import equivalents, stale
from settlespec.engines.biting import Fate, Judgement
from settlespec.engines.mutating import all_mutants
from settlespec.laws.statement import arguments_of

MUTANTS = all_mutants()
MUTANT = MUTANTS[0].id


def written(folder: Path, text: str) -> Path:
    file = folder / "equivalents.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_values_of_arguments_and_arguments_of_people_are_read(tmp_path: Path):
    text = (
        '[declared."fees.maker_fee"]\nrate = [1, -1]\nnotional = { low = 0, high = 7 }\n[argued]\n"a/b" = "Because."\n'
    )
    people = equivalents(written(tmp_path, text))
    assert people.declared == {"fees.maker_fee": {"rate": (1, -1), "notional": Range(0, 7)}}
    assert people.argued == {"a/b": "Because."}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[argued", "write TOML"),
        ("[claimed]\n", "claimed"),
        ("argued = 3\n", "argued"),
        ('[argued]\n"a/b" = 3\n', "a/b"),
        ('[argued]\n"a/b" = ""\n', "a/b"),
        ("[declared]\nrule = 3\n", "declared.rule"),
        ("[declared.rule]\nside = []\n", "declared.rule.side"),
        ('[declared.rule]\nside = ["1"]\n', "declared.rule.side"),
        ("[declared.rule]\nside = { low = 1 }\n", "declared.rule.side"),
    ],
)
def test_what_is_no_argument_is_refused_with_its_place(text: str, said: str, tmp_path: Path):
    with pytest.raises(BadInput, match=r"equivalents\.toml") as refused:
        equivalents(written(tmp_path, text))
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("mutant", "fate", "complaints"),
    [
        (MUTANT, Fate.SURVIVED, 0),
        (MUTANT, Fate.DEFECT, 0),
        (MUTANT, Fate.KILLED, 1),
        (MUTANT, Fate.EQUIVALENT, 1),
        (MUTANT, None, 0),
        ("margin.gone/constant/1/+1", None, 1),
    ],
)
def test_an_argument_that_outlived_its_reason_is_noticed(mutant: str, fate: Fate | None, complaints: int):
    judged = () if fate is None else (Judgement(mutant, fate, 1),)
    assert len(stale([mutant], MUTANTS, judged)) == complaints


def test_every_argument_that_stands_beside_the_laws_names_a_mutant():
    assert stale(equivalents().argued, MUTANTS, ()) == ()


def test_every_declared_value_is_of_an_argument_that_the_rule_has_and_documents():
    functions = {f"{mutant.module.rpartition('.')[2]}.{mutant.function}": mutant for mutant in MUTANTS}
    for name, arguments in equivalents().declared.items():
        rule = getattr(import_module(functions[name].module), functions[name].function)
        assert set(arguments) <= {argument.name for argument in arguments_of(rule)}
        for argument in arguments:
            assert re.search(rf"\b{argument}(, \w+)*: ", rule.__doc__ or ""), f"{name} says nothing of {argument}"

"""Which faults there are: every operator, at every site, with a name that stays and one line to read."""

import ast

import pytest

from settlespec.engines.mutating import Mutant, Operator, all_mutants, difference, mutants_in, rule_modules

HEAD = '"""A module of a rule."""\n\nfrom settlespec.arithmetic import ceil_div, choose, clamp, floor_div, maximum, minimum\n\n'
EVERY = all_mutants()


def changes(body: str, operator: Operator, **constants: int | tuple[int, ...]) -> set[str]:
    """What the mutants of one operator return instead."""
    made = mutants_in(f"{HEAD}def rule(a, b, c):\n    return {body}\n", "settlespec.rules.planted", constants)
    return {mutant.text.rpartition("return ")[2] for mutant in made if mutant.operator is operator}


@pytest.mark.parametrize(
    ("body", "operator", "instead"),
    [
        ("a < b", Operator.COMPARISON, {"a <= b", "a > b", "a >= b"}),
        ("a <= b", Operator.COMPARISON, {"a < b", "a > b", "a >= b"}),
        ("a == b", Operator.COMPARISON, {"a != b", "a <= b", "a >= b"}),
        ("minimum(a, b)", Operator.COMPARISON, {"maximum(a, b)"}),
        ("maximum(a, b)", Operator.COMPARISON, {"minimum(a, b)"}),
        ("floor_div(a, b)", Operator.ROUNDING, {"ceil_div(a, b)"}),
        ("-floor_div(-a, b)", Operator.ROUNDING, {"-ceil_div(-a, b)"}),
        ("ceil_div(a, b)", Operator.ROUNDING, {"floor_div(a, b)"}),
        ("a + b", Operator.DROPPED, {"a", "b"}),
        ("a - b", Operator.DROPPED, {"a", "-b"}),
        ("a + b - c", Operator.DROPPED, {"b - c", "a - c", "a + b"}),
        ("a * b * c", Operator.DROPPED, {"b * c", "a * c", "a * b"}),
        ("(a < b) & (b < c)", Operator.DROPPED, {"a < b", "b < c"}),
        ("(a < b) | (b < c)", Operator.DROPPED, {"a < b", "b < c"}),
        ("maximum(a, b)", Operator.DROPPED, {"a", "b"}),
        ("clamp(a, b, c)", Operator.DROPPED, {"minimum(a, c)", "maximum(a, b)"}),
        ("a * 3", Operator.CONSTANT, {"a * 4", "a * 2"}),
        ("a * 0", Operator.CONSTANT, {"a * 1", "a * -1"}),
        ("a * True", Operator.CONSTANT, set()),
    ],
)
def test_each_operator_makes_the_faults_that_its_name_says(body: str, operator: Operator, instead: set[str]):
    assert changes(body, operator) == instead


def test_a_named_constant_is_changed_where_it_is_used():
    assert changes("a * PPM", Operator.CONSTANT, PPM=10) == {"a * (PPM + 1)", "a * (PPM - 1)"}
    assert changes("a * ppm", Operator.CONSTANT, PPM=10) == set()


def test_a_table_is_changed_number_by_number():
    assert changes("sum(TABLE)", Operator.CONSTANT, TABLE=(0, 5)) == {
        f"sum({table})" for table in ("(1, 5)", "(-1, 5)", "(0, 6)", "(0, 4)")
    }


def test_what_is_no_part_of_a_computation_is_left_alone():
    source = f'{HEAD}LIMIT = 7\n\ndef rule(a: "int" = 3) -> "2 + 3":\n    """Of 4 or more."""\n    b: "5 < 6" = a\n    return b\n'
    assert mutants_in(source, "settlespec.rules.planted", {}) == ()


def test_an_id_does_not_change_with_the_lines_around_it():
    plain = "def rule(a):\n    return a + 1\n"
    moved = f"{HEAD}# A remark.\n\n\ndef before(a):\n    return a - 1\n\n\n{plain}"
    made = [{mutant.id for mutant in mutants_in(source, "settlespec.rules.planted", {})} for source in (plain, moved)]
    assert {
        "planted.rule/constant/1/+1", "planted.rule/constant/1/-1", "planted.rule/dropped/1/left", "planted.rule/dropped/1/right",
    } == made[0]  # fmt: skip
    assert made[0] < made[1]


@pytest.mark.parametrize(
    ("before", "after", "line"),
    [
        ("return a + b", "return a", "return a{ + b => }"),
        ("return f(a, b)", "return b", "return {f(a, b) => b}"),
        ("return a <= b", "return a < b", "return a {<= => <} b"),
        ("x = 1\nreturn a", "x = 2\nreturn a", "x = {1 => 2}"),
    ],
)
def test_a_difference_is_one_line_with_the_change_between_braces(before: str, after: str, line: str):
    assert difference(before, after).replace(" ", "") == line.replace(" ", "")


def test_every_rule_file_has_mutants_of_its_own_functions():
    assert {mutant.module for mutant in EVERY} == set(rule_modules())
    assert len(EVERY) > 600


def test_no_two_mutants_have_one_id_or_one_text():
    assert len({mutant.id for mutant in EVERY}) == len({mutant.digest for mutant in EVERY}) == len(EVERY)


@pytest.mark.parametrize("mutant", EVERY[::23], ids=lambda mutant: mutant.id)
def test_every_mutant_is_a_module_and_its_difference_a_line(mutant: Mutant):
    ast.parse(mutant.text)
    assert "\n" not in mutant.difference
    assert " => " in mutant.difference

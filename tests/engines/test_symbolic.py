"""The pitfalls of reading Python symbolically, one test each."""

import operator
from collections.abc import Callable, Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
import z3
from attrs import field, frozen, validators
from immutables import Map

from settlespec.arithmetic import choose
from settlespec.domain.orders import OrderKind, Side
from settlespec.engines.agreement import symbolic_answer
from settlespec.engines.merging import Unreadable
from settlespec.engines.paths import SymbolicPath, following
from settlespec.engines.solvers import Patience
from settlespec.engines.symbolic import PATH, SymbolicCondition, SymbolicInteger, merge


@frozen
class Purse:
    coins: int
    locked: bool
    side: Side


@frozen
class Checked:
    coins: int = field(validator=validators.instance_of(int))


@pytest.fixture
def path() -> Iterator[SymbolicPath]:
    followed = SymbolicPath((), Patience())
    token = PATH.set(followed)  # not `following`, which says again at its end what could not be read
    yield followed
    PATH.reset(token)


@pytest.fixture
def number() -> SymbolicInteger:
    return SymbolicInteger(z3.Int("number"))


@pytest.fixture
def condition() -> SymbolicCondition:
    return SymbolicCondition(z3.Bool("condition"))


def test_a_symbolic_integer_is_no_python_integer():
    assert not issubclass(SymbolicInteger, int)
    assert not issubclass(SymbolicCondition, int)


@pytest.mark.parametrize(
    "concretise",
    [
        hash,
        int,
        float,
        complex,
        round,
        bin,
        lambda number: {number: 1},
        lambda number: {1: 2}.get(number),
        lambda number: [1, 2][number],
        lambda number: list(range(number)),
        lambda number: number / 2,
        lambda number: 2 / number,
        lambda number: 2**number,
        lambda number: 2 << number,
        lambda number: number**-1,
        lambda number: number**number,
        lambda number: number << number,
        lambda number: number >> -1,
    ],
)
def test_whatever_would_make_a_symbolic_integer_concrete_raises(
    concretise: Callable[[Any], object], number: SymbolicInteger, path: SymbolicPath
):
    with pytest.raises(Unreadable):
        concretise(number)


@pytest.mark.parametrize("concretise", [hash, int, lambda condition: [1, 2][condition]])
def test_whatever_would_make_a_symbolic_condition_concrete_raises(
    concretise: Callable[[Any], object], condition: SymbolicCondition
):
    with pytest.raises(Unreadable):
        concretise(condition)


def test_the_complement_of_a_condition_is_refused_because_python_means_minus_two(condition: SymbolicCondition):
    with pytest.raises(Unreadable, match="negate"):
        operator.invert(condition)


def test_a_symbolic_term_is_not_decided_outside_of_a_path(number: SymbolicInteger):
    with pytest.raises(Unreadable, match="outside"):
        bool(number == 3)


@pytest.mark.parametrize("stranger", [1.5, 2j, Fraction(1, 2), Decimal(1)])
def test_a_number_of_another_kind_is_refused(stranger: Any, number: SymbolicInteger, condition: SymbolicCondition):
    for ask in (operator.add, operator.eq, operator.ne, operator.mul):
        for first, second in ((number, stranger), (stranger, number), (condition, stranger), (stranger, condition)):
            with pytest.raises(Unreadable):
                ask(first, second)


@pytest.mark.parametrize("stranger", [(1,), [1], Map(), object(), int])
def test_a_comparison_of_which_nobody_knows_is_refused(stranger: Any, number: Any, condition: Any):
    for symbol in (number, condition):
        with pytest.raises(Unreadable, match="compared"):
            bool(symbol == stranger)
        with pytest.raises(Unreadable, match="compared"):
            bool(symbol != stranger)


@pytest.mark.parametrize("stranger", [None, "1", b"1", OrderKind.LIMIT, Purse(1, True, Side.BUY)])
def test_what_is_never_a_number_equals_none(stranger: Any, number: Any, condition: Any):
    for symbol in (number, condition):
        assert (symbol == stranger) is False
        assert (stranger != symbol) is True


@pytest.mark.parametrize("stranger", ["1", None])
def test_a_stranger_to_the_integers_is_not_lifted(stranger: Any, number: SymbolicInteger):
    with pytest.raises(TypeError):
        number + stranger
    with pytest.raises(TypeError):
        stranger - number


def _operations(a: int, b: int) -> tuple[object, ...]:
    return (
        a + b, 3 + a, a - b, 3 - a, a * b, 3 * a, -a, +a, abs(a), a**3, a << 2, a >> 2, a // b, a % b, divmod(a, b),
        7 // b, 7 % b, divmod(7, b), a < b, a <= b, a > b, a >= b, a == b, a != b, min(a, b), max(a, b),
        sum([a, b]), (a < b) & (a > 0), (a < b) | (a > 0), (a < b) ^ (a > 0), (a < b) == (a > 0), (a < b) != (a > 0),
        True & (a > 0), choose(a < b, a, b), 1 if a else 2,
        (a < b) == 1, operator.eq(1, a < b), (a < b) != 0, (a < b) == a, a == (a < b), a == True, b != False, [a < b, True].index(True),  # noqa: E712
        (a < b) + True, 3 * (a < b), (a < b) * b, -(a < b), +(a < b), abs(a < b), (a < b) // b, 7 % (1 + (a < b)), (a < b) % b,
        (a < b) < 1, (a < b) >= (b < a), b <= (a < b), (a < b) > b, 1 in (a < b,), a in (1, a), {"x": a < b} == {"x": 1},
    )  # fmt: skip


@pytest.mark.parametrize("a", [-7, -1, 0, 1, 7, 2**256])
@pytest.mark.parametrize("b", [-3, -1, 1, 3, 2**64 + 1])
def test_every_operator_answers_what_python_answers_for_any_sign(a: int, b: int):
    assert symbolic_answer(_operations, {"a": a, "b": b}) == _operations(a, b)


def test_a_division_by_zero_raises_as_in_python():
    with pytest.raises(ZeroDivisionError):
        symbolic_answer(lambda a, b: a // b, {"a": 1, "b": 0})


def test_a_quotient_asked_for_twice_has_one_name(path: SymbolicPath, number: SymbolicInteger):
    first, second = number // 7, number // 7
    assert first.term.eq(second.term)
    assert not (number // 8).term.eq(first.term)


def test_records_merge_field_by_field_without_a_fork(path: SymbolicPath, condition: Any):
    merged: Any = choose(condition, Purse(1, True, Side.BUY), Purse(2, False, Side.BUY))
    assert isinstance(merged.coins, SymbolicInteger)
    assert isinstance(merged.locked, SymbolicCondition)
    assert merged.side is Side.BUY
    assert path.trail == []


def test_tuples_of_one_length_merge_item_by_item(condition: SymbolicCondition, path: SymbolicPath):
    merged = merge(condition, (1, (2, True)), (3, (4, False)))
    assert z3.simplify(merged[0].term == z3.If(condition.term, 1, 3))
    assert isinstance(merged[1][1], SymbolicCondition)


@pytest.mark.parametrize(
    ("first", "second"), [(Side.BUY, Side.SELL), (1, True), ((1,), (1, 2)), (None, 1), ("a", "b"), (Checked(1), (1,))]
)
def test_what_has_no_common_term_is_not_merged(first: object, second: object, condition: SymbolicCondition):
    with pytest.raises(Unreadable, match="choice between"):
        merge(condition, first, second)


def test_attrs_validators_are_asked_while_a_path_is_followed(path: SymbolicPath, number: Any, condition: Any):
    assert Checked(number).coins is number
    with pytest.raises(TypeError):
        Checked("1")  # type: ignore[arg-type]


def test_a_symbol_answers_isinstance_as_the_plain_value_does(number: object, condition: object):
    assert [isinstance(number, kind) for kind in (int, bool, str, SymbolicInteger)] == [True, False, False, True]
    assert [isinstance(condition, kind) for kind in (int, bool, str, SymbolicCondition)] == [True, True, False, True]


@pytest.mark.parametrize(
    "ask",
    [
        str, repr, format, "{}".format, "%s".__mod__, "%d".__mod__, lambda number: f"{number:>9}",
        lambda number: hasattr(number, "bit_length"), lambda number: getattr(number, "numerator", 0),
        lambda number: number.real, lambda number: number.to_bytes(8, "big"),
    ],
)  # fmt: skip
def test_what_a_plain_number_would_answer_is_refused(ask: Callable[[Any], object], path: SymbolicPath, number: Any):
    with pytest.raises(Unreadable):
        ask(number)
    with pytest.raises(Unreadable):
        ask(number > 3)


@pytest.mark.parametrize("operate", [operator.and_, operator.or_, operator.xor, lambda a, _: ~a])
def test_bits_of_a_symbol_are_refused(operate: Callable[[Any, Any], object], number: Any):
    with pytest.raises(Unreadable):
        operate(number, 1)


def test_what_no_integer_has_no_symbol_has(number: Any, condition: Any):
    assert not hasattr(number, "price")
    assert not hasattr(condition, "price")


def test_a_path_that_names_its_terms_gives_different_names_to_different_terms(number: Any):
    path = SymbolicPath((), Patience())
    with following(path, names_terms=True):
        texts = [str(number + place) for place in range(100)]
        assert str(number + 7) == texts[7]
    assert len(set(texts)) == 100


def test_a_condition_counts_in_a_sum_as_a_python_bool_does(path: SymbolicPath, number: SymbolicInteger):
    path.require(number.term == 7)
    held = number != 0
    for total, meant in ((1 + held, 2), (held + 1, 2), (1 - held, 0), (held - 1, 0), (number + held, 8)):
        assert bool(total == meant)

"""What runs on symbolic amounts has no construction that Python would decide without asking them."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from settlespec.engines.identities import unasked
from tests.house.layers import REPOSITORY

READ = (
    "spec/settlespec/rules",
    "spec/settlespec/arithmetic",
    "spec/settlespec/invariants",
    "reference/settlespec/machine",
)
"""The folders whose functions are read for all amounts."""

FILES = sorted(path for folder in READ for path in (REPOSITORY / folder).rglob("*.py"))


def identities_of_conditions(text: str) -> Iterator[int]:
    """The lines on which a comparison is compared by identity, which is never true of two symbolic conditions."""
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.Compare):
            continue
        by_identity = any(isinstance(operator, ast.Is | ast.IsNot) for operator in node.ops)
        if by_identity and any(isinstance(side, ast.Compare) for side in (node.left, *node.comparators)):
            yield node.lineno


ARITHMETIC = REPOSITORY / "spec/settlespec/arithmetic"
"""Here every reading has its way of its own, and the exact type tells the plain one from the others."""


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_no_number_is_asked_for_what_only_python_answers(path: Path):
    found = list(unasked(path.read_text(encoding="utf-8")))
    assert [question for question in found if not path.is_relative_to(ARITHMETIC)] == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_no_comparison_is_compared_by_identity(path: Path):
    assert list(identities_of_conditions(path.read_text(encoding="utf-8"))) == []


def test_the_arithmetic_is_where_such_questions_are_put():
    texts = [path.read_text(encoding="utf-8") for path in ARITHMETIC.rglob("*.py")]
    assert any(list(unasked(text)) for text in texts)


def test_a_comparison_by_identity_is_noticed():
    assert list(identities_of_conditions("a = 1\nb = (a > 0) is not (a < 2)\nc = a is None\n")) == [2]

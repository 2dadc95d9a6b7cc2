"""The rulebook is read from the docstrings, and one id means one sentence."""

from pathlib import Path

import pytest

from settlespec.oracle.rulebook import (
    RulebookConflict,
    Statement,
    check,
    markdown,
    read_module,
    split_id,
    statements,
)
from tests.house.layers import REPOSITORY

SOURCE = '''"""Not a rule: a module."""


class Order:
    """TRADE-2: an owner's wish."""

    def fill(self):
        """TRADE-10.2: a fill moves
        both sides.

        Units: lots.
            Rounding: none.
        """


def cancel():
    """TRADE-2: an order is taken back."""


def unnamed():
    """Says nothing about a rule."""
'''


@pytest.fixture
def planted(tmp_path: Path) -> tuple[Statement, ...]:
    return planted_in(tmp_path)


def planted_in(root: Path) -> tuple[Statement, ...]:
    file = root / "settlespec" / "rules" / "trading.py"
    file.parent.mkdir(parents=True)
    file.write_text(SOURCE, encoding="utf-8")
    return tuple(read_module(file, "settlespec.rules.trading"))


def function(rule_id: str, sentence: str, place: str) -> Statement:
    return Statement(rule_id, sentence, "", place, "settlespec/rules/trading.py", 1, is_function=True)


def test_a_statement_has_its_sentence_its_rest_and_its_place(planted: tuple[Statement, ...], tmp_path: Path) -> None:
    assert planted[1] == Statement(
        id="TRADE-10.2",
        sentence="a fill moves both sides.",
        rest="Units: lots.\n    Rounding: none.",
        place="settlespec.rules.trading.Order.fill",
        file=f"{tmp_path.as_posix()}/settlespec/rules/trading.py",
        line=7,
        is_function=True,
    )


def test_in_a_clone_a_file_is_named_from_its_root_on(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").touch()
    assert {statement.file for statement in planted_in(tmp_path / "spec")} == {"spec/settlespec/rules/trading.py"}


def test_every_file_of_the_book_is_there_under_the_name_that_is_printed() -> None:
    for statement in statements():
        line = (REPOSITORY / statement.file).read_text(encoding="utf-8").splitlines()[statement.line - 1]
        assert statement.line == 1 or line.lstrip().startswith(("def ", "class "))


def test_only_docstrings_that_begin_with_an_id_are_rules(planted: tuple[Statement, ...]) -> None:
    assert [statement.id for statement in planted] == ["TRADE-2", "TRADE-10.2", "TRADE-2"]


def test_a_record_may_carry_the_id_of_a_function(planted: tuple[Statement, ...]) -> None:
    check(planted)
    assert {statement.is_function for statement in planted if statement.id == "TRADE-2"} == {True, False}


def test_one_id_before_two_sentences_is_refused_with_both_places() -> None:
    book = (function("TRADE-5", "the lowest price.", "rules.low"), function("TRADE-5", "the highest.", "rules.high"))
    with pytest.raises(RulebookConflict, match=r"TRADE-5 \(rules\.low, rules\.high\)"):
        check(book)


def test_one_id_before_the_same_sentence_twice_is_allowed() -> None:
    book = (function("TRADE-5", "the band.", "rules.low"), function("TRADE-5", "the band.", "machine.low"))
    check(book)
    assert markdown(book).count("### TRADE-5") == 1


def test_the_rules_page_is_sorted_by_number_and_grouped_by_prefix(
    planted: tuple[Statement, ...], tmp_path: Path
) -> None:
    page = markdown(sorted(planted, key=lambda statement: statement.sort_key))
    headings = [line for line in page.splitlines() if line.startswith("##")]
    assert headings == ["## TRADE", "### TRADE-2", "### TRADE-10.2"]
    assert "A fill moves both sides." in page
    assert f"`settlespec.rules.trading.Order.fill`, {tmp_path.as_posix()}/settlespec/rules/trading.py:7" in page


@pytest.mark.parametrize(
    ("rule_id", "parts"),
    [("CUST-2.1", ("CUST", 2, 1)), ("AT-REST-10", ("AT-REST", 10, 0))],
)
def test_an_id_has_prefix_number_and_part(rule_id: str, parts: tuple[str, int, int]) -> None:
    assert split_id(rule_id) == parts


@pytest.mark.parametrize("word", ["trade-1", "TRADE", "TRADE-", "TRADE-1a", ""])
def test_what_is_no_id_is_refused(word: str) -> None:
    with pytest.raises(ValueError, match="is not the id of a rule"):
        split_id(word)


def test_the_rules_of_every_subject_are_in_the_book() -> None:
    book = statements()
    assert {"ARITH", "CUST", "FEE", "FUND", "LIQ", "MARGIN", "TRADE"} <= {split_id(each.id)[0] for each in book}
    assert all(statement.sentence for statement in book)


def test_no_id_of_the_tree_stands_before_two_sentences() -> None:
    book = statements()
    assert book
    check(book)

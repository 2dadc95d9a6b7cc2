"""Put every obligation of this folder to a solver: python3 replay.py z3 | cvc5 [SECONDS]

Needs the program `z3` or `cvc5` on the path or beside the Python that runs this, or cvc5's package in that Python;
and nothing of settlespec.
Where a solver does not find an answer it is given the same obligation with lemmas that follow from it.
Leaves 0 if every answer is the expected one, 1 if one is the opposite, 2 if it was asked what it does not know,
66 if index.json is not there, 69 if the solver is not, 75 if an answer is missing.
"""

import json
import re
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

ANSWERS = ("sat", "unsat")

SHORT = 3
"""Seconds of the first try."""

SECONDS = re.compile("[1-9][0-9]{0,5}")
"""What stands on the command line as a limit."""

OPPOSITE, MISSING, WRONG_USAGE, NO_INPUT, UNAVAILABLE = 1, 75, 2, 66, 69


def by_program(program: str, file: Path, seconds: int) -> str:
    """What the program of a solver answers."""
    limit = f"-T:{seconds}" if Path(program).name == "z3" else f"--tlimit={1000 * seconds}"
    try:
        done = subprocess.run([program, limit, str(file)], capture_output=True, text=True, timeout=seconds + 30)
    except subprocess.TimeoutExpired:
        return "unknown"
    words = [line.strip() for line in done.stdout.splitlines()]
    return next((word for word in words if word in ANSWERS), "unknown")


def by_package(_: str, file: Path, seconds: int) -> str:
    """What cvc5 answers through its own reader of SMT-LIB 2."""
    import cvc5

    terms = cvc5.TermManager()
    solver, symbols = cvc5.Solver(terms), cvc5.SymbolManager(terms)
    solver.setOption("tlimit-per", str(1000 * seconds))
    parser = cvc5.InputParser(solver, symbols)
    parser.setFileInput(cvc5.InputLanguage.SMT_LIB_2_6, str(file))
    answer = "unknown"
    while not (command := parser.nextCommand()).isNull():
        said = str(command.invoke(solver, symbols)).strip()
        answer = said if said in ANSWERS else answer
    return answer


def has_package() -> bool:
    """Whether this Python has cvc5's package, and can load it."""
    try:
        import_module("cvc5")
    except ImportError:
        return False
    return True


def main() -> int:
    """Ask, and say what differs."""
    words = sys.argv[1:]
    if len(words) not in (1, 2) or words[0] not in ("z3", "cvc5") or not SECONDS.fullmatch("".join(words[1:]) or "1"):
        sys.stderr.write(f"{__doc__}\n")
        return WRONG_USAGE
    name, seconds = words[0], int(words[1]) if len(words) == 2 else 30
    program = shutil.which(name) or shutil.which(str(Path(sys.executable).parent / name))
    if program is None and not (name == "cvc5" and has_package()):
        missing = "z3 is not" if name == "z3" else "cvc5 is no package of this Python, nor"
        remedy = "run this script by the Python of an environment that has it, such as .venv/bin/python of settlespec"
        sys.stderr.write(f"{missing} on the path or beside {sys.executable}: {remedy}\n")
        return UNAVAILABLE
    ask = by_program if program else by_package
    folder = Path(__file__).resolve().parent
    counts = {"same": 0, "opposite": 0, "unknown": 0}
    try:
        index = json.loads((folder / "index.json").read_text())
    except OSError as failure:
        sys.stderr.write(f"{folder / 'index.json'}: {failure.strerror}\n")
        return NO_INPUT
    for row in index["obligations"]:
        # Most are answered at once; of the others most are with help.
        tries = [(row["file"], min(SHORT, seconds)), (row["helped"], seconds), (row["file"], seconds)]
        answers = (ask(program or name, folder / file, limit) for file, limit in tries if file)
        answer = next((found for found in answers if found in ANSWERS), "unknown")
        same = answer == row["expected"]
        decided = answer in ANSWERS and row["expected"] in ANSWERS
        outcome = "same" if same else "opposite" if decided else "unknown"
        counts[outcome] += 1
        if outcome != "same":
            sys.stdout.write(f"{outcome}: {row['file']}: {name} answers {answer}, expected {row['expected']}\n")
    figures = f"{counts['same']} as expected, {counts['opposite']} the opposite, {counts['unknown']} not decided"
    sys.stdout.write(f"{name}: {figures}\n")
    return OPPOSITE if counts["opposite"] else MISSING if counts["unknown"] else 0


if __name__ == "__main__":
    sys.exit(main())

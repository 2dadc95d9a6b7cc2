"""``python -m settlespec``: the same as the installed command."""

from settlespec.oracle.command import main

if __name__ == "__main__":
    main()

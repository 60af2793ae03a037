#!/usr/bin/env python3
"""Every behaviour case is named by a contract test, or not_covered.txt says why not."""

import pathlib
import re
import sys

FOLDER = pathlib.Path(__file__).resolve().parent
PARTS = set("MNGOWX")


def numbered_lines(name):
    lines = (FOLDER / name).read_text(encoding="utf-8").splitlines()
    return {int(line.split()[0]): line.split(maxsplit=1)[1]
            for line in lines if line and not line.startswith("#")}


def named_cases():
    names = []
    for source in FOLDER.glob("*.cc"):
        names += re.findall(r"LARDER_CONTRACT\((\w+)", source.read_text(encoding="utf-8"))
    numbers = set()
    for name in names:
        _, _, cases = name.partition("_case_")
        numbers.update(int(number) for number in cases.split("_") if number)
    return numbers


def main():
    cases = numbered_lines("cases.txt")
    explained = numbered_lines("not_covered.txt")
    named = named_cases()
    relevant = {number for number, parts in cases.items() if PARTS & set(parts)}
    problems = [f"case {number} is neither named by a test nor explained"
                for number in sorted(relevant - named - explained.keys())]
    problems += [f"case {number} is named and explained away" for number in
                 sorted(named & explained.keys())]
    problems += [f"there is no case {number}" for number in
                 sorted((named | explained.keys()) - cases.keys())]
    print("\n".join(problems))
    print(f"{len(relevant & named)} of {len(relevant)} cases named, {len(explained)} explained")
    return 1 if problems or not named else 0


if __name__ == "__main__":
    sys.exit(main())

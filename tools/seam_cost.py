#!/usr/bin/env python3
"""Counts the instructions of a read hit at each depth of the library, by callgrind.

usage: seam_cost.py PROGRAM [--cache N] [--seam N] [--json]

PROGRAM is the test program larder_seam. Prints instructions per read, the loop around it taken
off: by the table alone (hash, probe, compare, copy), by the bare engine, by the engine under its
metrics, and through Cache<T>. --cache is the budget of the last; --seam that of what lies between
the table and the cache. Exit status 1 over a budget, 77 where valgrind is missing.
"""

import argparse
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

PREFIX = "larder_counted_"
DEPTHS = (
    ("table", "table alone: hash, probe, compare, copy"),
    ("engine", "bare engine"),
    ("metrics", "engine with metrics"),
    ("cache", "Cache<T>::get"),
)
SKIPPED = 77


def inclusive_counts(profile):
    """Instructions of each counted function with all that it calls."""
    counts = {}
    names = {}
    current = None
    for line in profile.splitlines():
        if match := re.match(r"fn=\((\d+)\)(?: (.*))?$", line):
            number, name = match.groups()
            if name:
                names[number] = name
            name = names.get(number, "")
            current = name[len(PREFIX):] if name.startswith(PREFIX) else None
        elif match := re.match(r"c?fn=\((\d+)\) (.*)$", line):
            names[match.group(1)] = match.group(2)
        elif match := re.match(r"[+\-*\d]\S* (\d+)$", line):
            # A line of the function's own, or after `calls=` what the callee took: both count.
            if current is not None:
                counts[current] = counts.get(current, 0) + int(match.group(1))
    return counts


def count(program):
    """Instructions per read by depth, and the reads of each."""
    with tempfile.TemporaryDirectory() as folder:
        profile = pathlib.Path(folder) / "callgrind.out"
        run = subprocess.run(
            ["valgrind", "--tool=callgrind", f"--callgrind-out-file={profile}",
             f"--toggle-collect={PREFIX}*", "--compress-strings=yes", "--compress-pos=no",
             str(program)],
            capture_output=True, text=True, check=False)
        if run.returncode != 0:
            sys.exit(f"{program} failed under valgrind:\n{run.stdout}{run.stderr}")
        reads = int(re.search(r"^reads (\d+)$", run.stdout, re.MULTILINE).group(1))
        counts = inclusive_counts(profile.read_text(encoding="utf-8"))
    missing = [name for name, _ in (("loop", ""), *DEPTHS) if name not in counts]
    if missing:
        sys.exit(f"callgrind saw nothing of {', '.join(missing)}")
    loop = counts["loop"]
    return {name: round((counts[name] - loop) / reads, 1) for name, _ in DEPTHS}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("--cache", type=float, help="budget of Cache<T>::get")
    parser.add_argument("--seam", type=float, help="budget of what lies above the table")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    options.program = options.program.resolve()
    if shutil.which("valgrind") is None:
        print("skipped: valgrind is not installed")
        return SKIPPED
    instructions = count(options.program)
    seam = round(instructions["cache"] - instructions["table"], 1)
    if options.json:
        print(json.dumps({"type": "seam", **instructions, "seam": seam}))
    else:
        print("instructions per read hit")
        for name, title in DEPTHS:
            print(f"  {title:<42}{instructions[name]:>8.1f}")
        print(f"  {'the seam: cache above table':<42}{seam:>8.1f}")
    over = [f"{title} takes {value}, its budget is {budget:g}"
            for title, value, budget in (("Cache<T>::get", instructions["cache"], options.cache),
                                         ("the seam", seam, options.seam))
            if budget is not None and value > budget]
    for line in over:
        print(f"over budget: {line}", file=sys.stderr)
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())

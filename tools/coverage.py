#!/usr/bin/env python3
"""Prints the line coverage of the library's own code (include/ and src/, tests aside).

usage: coverage.py SOURCE_DIR BUILD_DIR [MINIMUM_PERCENT]

Reads the counts that the last test run left in BUILD_DIR, with gcovr. One line per file that is not
wholly covered, with the line numbers that no test reached; the last line is the total. Exit status
1 below the minimum (90).
"""

import json
import os
import subprocess
import sys

MINIMUM_PERCENT = 90.0


def read_counts(source_dir, build_dir):
    """{path: {line: count}} of all instrumented lines."""
    command = ["gcovr", "--root", source_dir, "--object-directory", build_dir, "--json", "-",
               "--filter", f"{source_dir}/include/", "--filter", f"{source_dir}/src/",
               "--exclude", r".*_(test|bench|fuzz)\.(cc|h)$", "-j", str(os.cpu_count()), build_dir]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    if run.returncode != 0:
        sys.exit(f"coverage: gcovr failed:\n{run.stderr}")
    counts = {}
    for entry in json.loads(run.stdout)["files"]:
        lines = counts.setdefault(entry["file"], {})
        for line in entry["lines"]:
            if not line.get("gcovr/noncode"):
                number = line["line_number"]
                lines[number] = lines.get(number, 0) + line["count"]
    return counts


def ranges(numbers):
    """[1, 2, 3, 7] as "1-3 7"."""
    spans = []
    for number in sorted(numbers):
        if spans and number == spans[-1][1] + 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    return " ".join(str(first) if first == last else f"{first}-{last}" for first, last in spans)


def main(source_dir, build_dir, minimum=MINIMUM_PERCENT):
    counts = read_counts(source_dir, build_dir)
    total = sum(len(lines) for lines in counts.values())
    if total == 0:
        sys.exit("coverage: no counts; run the tests first")
    covered = 0
    width = max(len(path) for path in counts)
    for path, lines in sorted(counts.items()):
        missed = [number for number, count in lines.items() if count == 0]
        covered += len(lines) - len(missed)
        if missed:
            percent = 100.0 * (len(lines) - len(missed)) / len(lines)
            print(f"{path:{width}} {percent:6.1f} %  not covered: {ranges(missed)}")
    percent = 100.0 * covered / total
    print(f"{percent:.1f} % of {total} lines in {len(counts)} files (at least {float(minimum):g} %)")
    return 0 if percent >= float(minimum) else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:4]))

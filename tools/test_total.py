#!/usr/bin/env python3
"""Turns the results of a ctest run into failures, reports and one plain total.

usage: test_total.py JUNIT_XML GTEST_RESULTS_DIR

A ctest test that ran a whole GoogleTest program left <name>.json in GTEST_RESULTS_DIR: its cases are
counted one by one. Lines that a test printed with the prefix "[report] " are repeated before the
total. The last line is "N passed, N failed, N skipped"; the exit status is 0 only if something ran
and nothing failed.
"""

import json
import pathlib
import sys
import xml.etree.ElementTree as ElementTree

REPORT_PREFIX = "[report] "
MAX_SHOWN_OUTPUT = 20_000


def case_outcome(case):
    if case.get("result") == "SKIPPED" or case.get("status") == "NOTRUN":
        return "skipped"
    return "failed" if case.get("failures") else "passed"


def program_counts(path):
    """Counts of the cases that ran in one GoogleTest program; None if there is no valid file."""
    try:
        program = json.loads(path.read_text())
    except (OSError, ValueError):
        return None
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    for suite in program.get("testsuites", []):
        for case in suite.get("testsuite", []):
            # A case of another shard, or one filtered out, is listed but was not asked for.
            if case.get("status") == "NOTRUN" and not case["name"].startswith("DISABLED_"):
                continue
            counts[case_outcome(case)] += 1
    return counts


def output_of(test):
    node = test.find("system-out")
    return (node.text or "") if node is not None else ""


def test_outcome(test):
    """Outcome of one ctest test in the JUnit file."""
    status = test.get("status")
    if status == "run":
        return "passed"
    if status == "disabled":
        return "skipped"
    skipped = test.find("skipped")
    # A program that could not be started is also "notrun"; a sanitizer may object after a skip.
    if status == "notrun" and skipped is not None and "SKIP" in skipped.get("message", ""):
        return "failed" if "Sanitizer" in output_of(test) else "skipped"
    return "failed"


def add_counts(total, test, outcome, results_dir):
    counts = program_counts(results_dir / f"{test.get('name')}.json")
    if counts is None:  # one process per case, or a program that died
        total[outcome] += 1
        return
    for kind, count in counts.items():
        total[kind] += count
    if outcome == "failed" and counts["failed"] == 0:
        total["failed"] += 1  # every case passed, the program did not: a leak, a crash at exit


def main(junit_path, results_dir):
    tests = list(ElementTree.parse(junit_path).getroot().iter("testcase"))
    total = {"passed": 0, "failed": 0, "skipped": 0}
    failed_names, reports = [], []
    for test in tests:
        outcome = test_outcome(test)
        add_counts(total, test, outcome, pathlib.Path(results_dir))
        output = output_of(test)
        reports += [line for line in output.splitlines() if line.startswith(REPORT_PREFIX)]
        if outcome == "failed":
            failed_names.append(test.get("name"))
            print(f"---- {test.get('name')} failed:\n{output[-MAX_SHOWN_OUTPUT:]}")
    for line in reports:
        print(line[len(REPORT_PREFIX):])
    for name in failed_names:
        print(f"failed: {name}")
    print("{passed} passed, {failed} failed, {skipped} skipped".format(**total))
    return 0 if total["failed"] == 0 and total["passed"] > 0 else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))

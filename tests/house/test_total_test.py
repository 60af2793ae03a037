#!/usr/bin/env python3
"""The total of a test run counts what happened: no skip as a pass, no death as silence."""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

TOOL = pathlib.Path(__file__).resolve().parents[2] / "tools" / "test_total.py"


def case(name, status, inner="", output=""):
    return (f'<testcase name="{name}" status="{status}">{inner}'
            f"<system-out>{output}</system-out></testcase>")


PASSED = case("a.Pass", "run")
FAILED = case("a.Fail", "fail", '<failure message=""/>', "the reason")
SKIPPED = case("a.Skip", "notrun", '<skipped message="SKIP_REGULAR_EXPRESSION_MATCHED"/>')
SKIPPED_WITH_LEAK = case("a.Leak", "notrun", '<skipped message="SKIP_REGULAR_EXPRESSION_MATCHED"/>',
                         "ERROR: LeakSanitizer: detected memory leaks")
NOT_BUILT = case("a.Missing", "notrun", '<skipped message="Unable to find executable"/>')
DISABLED = case("a.Off", "disabled")


def gtest_case(name, status="RUN", result="COMPLETED", failures=()):
    found = {"name": name, "status": status, "result": result}
    return {**found, "failures": list(failures)} if failures else found


class TestTotalTest(unittest.TestCase):
    def total(self, *cases, programs=None):
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            (folder / "results.xml").write_text(f"<testsuite>{''.join(cases)}</testsuite>")
            for name, cases_of_program in (programs or {}).items():
                (folder / f"{name}.json").write_text(
                    json.dumps({"testsuites": [{"name": "S", "testsuite": cases_of_program}]}))
            run = subprocess.run([sys.executable, TOOL, folder / "results.xml", folder],
                                 capture_output=True, text=True, check=False)
        lines = run.stdout.splitlines()
        return lines[-1], run.returncode, run.stdout

    def check(self, expected_total, expected_status, *cases, programs=None):
        total, status, _ = self.total(*cases, programs=programs)
        self.assertEqual((total, status), (expected_total, expected_status))

    def test_kinds(self):
        self.check("2 passed, 0 failed, 2 skipped", 0, PASSED, PASSED, SKIPPED, DISABLED)

    def test_failure(self):
        self.check("1 passed, 1 failed, 0 skipped", 1, PASSED, FAILED)
        self.assertIn("the reason", self.total(FAILED)[2])

    def test_nothing_ran(self):
        self.check("0 passed, 0 failed, 0 skipped", 1)
        self.check("0 passed, 0 failed, 1 skipped", 1, SKIPPED)

    def test_not_built_is_a_failure(self):
        self.check("1 passed, 1 failed, 0 skipped", 1, PASSED, NOT_BUILT)

    def test_sanitizer_report_after_a_skip_is_a_failure(self):
        self.check("1 passed, 1 failed, 0 skipped", 1, PASSED, SKIPPED_WITH_LEAK)

    def test_whole_program_counts_its_cases(self):
        program = [gtest_case("a"), gtest_case("b"), gtest_case("c", result="SKIPPED"),
                   gtest_case("DISABLED_d", "NOTRUN", "SUPPRESSED"),
                   gtest_case("of_another_shard", "NOTRUN", "SUPPRESSED")]
        self.check("2 passed, 0 failed, 2 skipped", 0, case("p", "run"), programs={"p": program})

    def test_whole_program_with_a_failed_case(self):
        program = [gtest_case("a"), gtest_case("b", failures=[{"failure": "x"}])]
        self.check("1 passed, 1 failed, 0 skipped", 1, case("p", "fail"), programs={"p": program})

    def test_whole_program_that_died(self):
        self.check("0 passed, 1 failed, 0 skipped", 1, case("p", "fail"))
        self.check("1 passed, 1 failed, 0 skipped", 1, case("p", "fail"),
                   programs={"p": [gtest_case("a")]})

    def test_reports_are_repeated(self):
        output = self.total(case("a", "run", output="noise\n[report] histories: 7\nnoise"))[2]
        self.assertIn("\nhistories: 7\n", "\n" + output)
        self.assertNotIn("noise", output)


if __name__ == "__main__":
    unittest.main()

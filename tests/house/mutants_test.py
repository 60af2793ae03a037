#!/usr/bin/env python3
"""The mutant runner: kills, survivors, and everything that must not pass for a kill."""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

TOOL = pathlib.Path(__file__).resolve().parents[2] / "tools" / "mutants.py"

TREE = {
    "CMakeLists.txt": """cmake_minimum_required(VERSION 3.25)
project(sample LANGUAGES CXX)
enable_testing()
add_executable(sample sample.cc)
add_test(NAME unit.two COMMAND sample two)
add_test(NAME unit.broken COMMAND sample broken)
add_test(NAME unit.skipped COMMAND sample skipped)
set_tests_properties(unit.skipped PROPERTIES SKIP_RETURN_CODE 77)
""",
    "CMakePresets.json": """{"version": 6, "configurePresets": [
  {"name": "debug", "generator": "Ninja", "binaryDir": "${sourceDir}/build"}]}
""",
    "sample.cc": """#include <string>
int two() { return 2; }
int main(int, char** argv) {
  const std::string name = argv[1];
  if (name == "skipped") return 77;
  if (name == "broken") return 1;
  return two() == 2 ? 0 : 1;
}
""",
}


def patch(new_line, kills="unit.two", build="sample", old_line="int two() { return 2; }"):
    return (f"# rule: 01\n# kills: {kills}\n# build: {build}\n--- a/sample.cc\n+++ b/sample.cc\n"
            f"@@ -1,3 +1,3 @@\n #include <string>\n-{old_line}\n+{new_line}\n"
            " int main(int, char** argv) {\n")


MUTANTS = {
    "killed": patch("int two() { return 3; }"),
    "hangs": patch("int two() { for (volatile int i = 0;;) i = i; }"),
    "survivor": patch("int two() { return 1 + 1; }"),
    "does_not_build": patch("int two() { return x; }"),
    "stale": patch("int two() { return 3; }", old_line="int two() { return 4; }"),
    "unknown_test": patch("int two() { return 3; }", kills="unit.three"),
    "skipped_test": patch("int two() { return 3; }", kills="unit.skipped"),
    "broken_test": patch("int two() { return 3; }", kills="unit.broken"),
}


class MutantsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.root = pathlib.Path(tempfile.mkdtemp())
        files = {**TREE, **{f"mutants/{name}.patch": text for name, text in MUTANTS.items()}}
        for path, text in files.items():
            (cls.root / path).parent.mkdir(exist_ok=True)
            (cls.root / path).write_text(text)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.root)

    def run_tool(self, *arguments):
        environment = {**os.environ, "LARDER_SOURCE_DIR": str(self.root),
                       "LARDER_BUILD_ROOT": str(self.root / "build"),
                       "LARDER_MUTANT_TIMEOUT_S": "5"}
        return subprocess.run([sys.executable, TOOL, *arguments], capture_output=True, text=True,
                              env=environment, check=False)

    def test_verdicts(self):
        run = self.run_tool()
        verdicts = dict(re.findall(r"^(\w+) +01 +(killed|SURVIVED|ERROR)", run.stdout, re.MULTILINE))
        self.assertEqual(verdicts, {
            "killed": "killed", "hangs": "killed", "survivor": "SURVIVED",
            "does_not_build": "ERROR", "stale": "ERROR", "unknown_test": "ERROR",
            "skipped_test": "ERROR", "broken_test": "ERROR"}, run.stdout + run.stderr)
        self.assertIn("2 killed, 1 survived, 5 errors", run.stdout)
        self.assertEqual(run.returncode, 1)

    def test_status_of_a_selection(self):
        for names, status in ((["killed"], 0), (["survivor"], 1), (["stale"], 1),
                              (["killed", "survivor"], 1), (["nobody"], 1)):
            with self.subTest(names):
                self.assertEqual(self.run_tool(*names).returncode, status)

    def test_the_tree_itself_is_untouched(self):
        self.run_tool("killed")
        self.assertEqual((self.root / "sample.cc").read_text(), TREE["sample.cc"])


if __name__ == "__main__":
    unittest.main()

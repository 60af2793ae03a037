#!/usr/bin/env python3
"""The machinery of must-not-compile tests fails where it should: what compiles, what is refused for
another reason, what would be refused in any form."""

import pathlib
import shutil
import subprocess
import tempfile
import unittest

SCRIPT = pathlib.Path(__file__).resolve().parents[1] / "compile" / "refuse.cmake"
COMPILER = shutil.which("g++") or shutil.which("clang++-19")


class RefuseTest(unittest.TestCase):
    def passes(self, text):
        with tempfile.TemporaryDirectory() as folder:
            source = pathlib.Path(folder) / "sample.cc"
            source.write_text(text)
            run = subprocess.run(
                ["cmake", f"-DCOMPILER={COMPILER}", f"-DSOURCE={source}", f"-DINCLUDE={folder}",
                 "-P", SCRIPT], capture_output=True, text=True, check=False)
        return run.returncode == 0

    def test_refused_for_the_stated_reason(self):
        self.assertTrue(self.passes("// expect: not declared|undeclared\n#ifdef LARDER_ACCEPT\n"
                                    "int x = 1;\n#else\nint x = y;\n#endif\n"))

    def test_what_compiles_fails(self):
        self.assertFalse(self.passes("// expect: .*\nint x = 1;\n"))

    def test_another_reason_fails(self):
        self.assertFalse(self.passes("// expect: deleted function\n#ifndef LARDER_ACCEPT\n"
                                     "int x = y;\n#endif\n"))

    def test_refused_in_any_form_fails(self):
        self.assertFalse(self.passes("// expect: not declared|undeclared\nint x = y;\n"))

    def test_no_reason_given_fails(self):
        self.assertFalse(self.passes("int x = y;\n"))


if __name__ == "__main__":
    unittest.main()

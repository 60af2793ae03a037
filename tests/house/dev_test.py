#!/usr/bin/env python3
"""The developers' command: help for everything, refusal of what it does not know, and a set-up that
installs exactly what is missing."""

import os
import pathlib
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
COMMANDS = ("run", "test", "build", "bench", "lint", "fmt", "mutants", "coverage", "setup")

# Stand-ins for Debian's tools: one package is missing unless apt-get was asked for it. What is
# downloaded holds one file.
DPKG_QUERY = """#!/bin/bash
awk '$1 !~ /^#/ && NF >= 2 {print $2}' "$PACKAGES" | while read -r package; do
  if [[ $package != "$MISSING" ]] || grep -q "install.* $package" "$LOG" 2>/dev/null; then
    echo "installed $package"
  fi
done
"""
APT_GET = """#!/bin/bash
echo "$*" >>"$LOG"
[[ $* != *" download "* ]] || touch "${!#}.deb"
exit "${APT_STATUS:-0}"
"""
DPKG_DEB = """#!/bin/bash
[[ $1 == -x && -e $2 && -d $3 ]] && touch "$3/$(basename "$2")"
"""


def run(*command, **options):
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


class DevTest(unittest.TestCase):
    def test_every_command_has_help(self):
        for command in COMMANDS:
            with self.subTest(command):
                result = run(ROOT / "dev", command, "--help")
                self.assertEqual(result.returncode, 0, result.stderr)
                self.assertIn(f"usage: ./dev {command}", result.stdout)
                self.assertIn(f"\n  {command} ", run(ROOT / "dev", "--help").stdout)

    def test_what_it_does_not_know_is_refused(self):
        for arguments in (["nonsense"], ["test", "--nonsense"], ["lint", "--nonsense"],
                          ["coverage", "x"]):
            with self.subTest(arguments):
                result = run(ROOT / "dev", *arguments)
                self.assertEqual(result.returncode, 2)
                self.assertIn("usage:", result.stderr)


class SetupTest(unittest.TestCase):
    def setup_tool(self, missing, apt_status=0, runs=1):
        """Runs tools/setup with the stand-ins; (results, lines that apt-get was called with). What was
        unpacked is in self.unpacked."""
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            for name, text in (("dpkg-query", DPKG_QUERY), ("apt-get", APT_GET), ("dpkg-deb", DPKG_DEB),
                               ("sudo", '#!/bin/bash\nexec "$@"\n')):
                (folder / name).write_text(text)
                (folder / name).chmod(0o755)
            environment = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}",
                           "PACKAGES": str(ROOT / "tools" / "packages.txt"), "MISSING": missing,
                           "LOG": str(folder / "log"), "APT_STATUS": str(apt_status),
                           "LARDER_BUILD_ROOT": str(folder / "build")}
            results = [run(ROOT / "tools" / "setup", "core", env=environment) for _ in range(runs)]
            self.unpacked = sorted(path.name for path in folder.glob("build/unpacked/*"))
            log = folder / "log"
            return results, log.read_text().splitlines() if log.exists() else []

    def test_nothing_missing_is_a_no_op(self):
        results, calls = self.setup_tool(missing="")
        self.assertEqual((results[0].returncode, results[0].stderr, calls), (0, "", []))

    def test_installs_what_is_missing_once(self):
        results, calls = self.setup_tool(missing="ninja-build", runs=2)
        self.assertEqual([result.returncode for result in results], [0, 0])
        self.assertEqual(len(calls), 2, calls)
        self.assertTrue(calls[0].endswith(" update"))
        self.assertTrue(calls[1].endswith(" install --no-install-recommends ninja-build"))

    def test_unpacks_what_cannot_be_installed_once(self):
        results, calls = self.setup_tool(missing="libmsgpack-cxx-dev", runs=2)
        self.assertEqual([result.returncode for result in results], [0, 0], results)
        self.assertEqual(len(calls), 2, calls)
        self.assertTrue(calls[1].endswith(" download libmsgpack-cxx-dev"))
        self.assertIn("libmsgpack-cxx-dev.deb", self.unpacked)

    def test_other_groups_are_left_alone(self):
        self.assertEqual(self.setup_tool(missing="clang-19")[1], [])

    def test_a_failed_installation_is_a_failure(self):
        for package in ("ninja-build", "libmsgpack-cxx-dev"):
            with self.subTest(package):
                results, _ = self.setup_tool(missing=package, apt_status=100)
                self.assertNotEqual(results[0].returncode, 0)
                self.assertEqual(self.unpacked, [])


if __name__ == "__main__":
    unittest.main()

#!/usr/bin/env python3
"""Applies each checked-in mutant; the test that it names must fail, or the mutant survives.

usage: ./dev mutants [--list] [--short N] [NAME...]

A mutant is a patch in mutants/<NAME>.patch (-p1, from the root of the tree) below header lines:
  # rule: 07                   the rules of the contract that it breaks (or a word: seam, ...)
  # kills: contract.*rule_07   the tests that must fail: a regular expression for ctest -R
  # build: contract_test       the targets that are built, separated by blanks
  # filter: *rule_07*          optional: GTEST_FILTER, for test programs that run as a whole
The tree is copied below the build root (what git would track), one copy for all mutants. First the
named tests must pass there unchanged. A mutant is killed if it builds and a named test then fails,
or does not end in time. It is an error if the named tests fail without it, are skipped or do not
exist, if the patch does not apply, or if the mutant does not build.

Rules of the contract without a mutant are named at the end of --list.

  --list       print the mutants, run nothing
  --short N    only every N-th mutant, starting with the first
  NAME         only these

Exit status 0 only if at least one mutant was run and every one was killed.
"""

import argparse
import filecmp
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass

SOURCE = pathlib.Path(os.environ.get("LARDER_SOURCE_DIR") or
                      pathlib.Path(__file__).resolve().parents[1])
CONTRACT_RULES = {f"{number:02}" for number in range(1, 22)}
PRESET = "debug"
# A mutant may hang: its tests get this long, and ten times what they took on the unchanged tree.
TEST_TIMEOUT_S = int(os.environ.get("LARDER_MUTANT_TIMEOUT_S", "20"))
UNCHANGED_TIMEOUT_S = 600
HEADER = re.compile(r"^# (rule|kills|build|filter): *(.+?) *$", re.MULTILINE)
NO_TESTS = "No tests were found"


class MutantError(Exception):
    """The mutant could not be judged."""


@dataclass(frozen=True)
class Mutant:
    name: str
    patch: pathlib.Path
    rule: str
    kills: str
    build: tuple
    filter: str

    @classmethod
    def read(cls, patch):
        text = patch.read_text(encoding="utf-8")
        head = dict(HEADER.findall(text.split("\n--- ", 1)[0]))
        for field in ("rule", "kills", "build"):
            if field not in head:
                raise MutantError(f"{patch.name}: no header line `# {field}: ...`")
        return cls(patch.stem, patch, head["rule"], head["kills"], tuple(head["build"].split()),
                   head.get("filter", ""))


class Workshop:
    """A private copy of the tree with a build of its own."""

    def __init__(self, root):
        self.tree = root / "tree"
        self.build_dir = root / "build"
        self.configured = False

    def sync(self):
        """Brings the copy to the state of the source tree; equal files keep their times."""
        wanted = set(_tracked_files())
        for path in wanted:
            target = self.tree / path
            if not target.exists() or not filecmp.cmp(SOURCE / path, target, shallow=False):
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(SOURCE / path, target)
                shutil.copymode(SOURCE / path, target)
        for present in [path for path in self.tree.rglob("*") if path.is_file()]:
            if str(present.relative_to(self.tree)) not in wanted:
                present.unlink()

    def apply(self, mutant):
        run = self._run(["patch", "-p1", "--batch", "--forward", "--fuzz=0", "-i", mutant.patch],
                        cwd=self.tree)
        if run.returncode != 0:
            raise MutantError(f"the patch does not apply:\n{run.stdout}")

    def build(self, targets):
        if not self.configured:
            run = self._run(["cmake", "--preset", PRESET, "-B", self.build_dir], cwd=self.tree)
            if run.returncode != 0:
                raise MutantError(f"cannot configure:\n{run.stdout}")
            self.configured = True
        run = self._run(["cmake", "--build", self.build_dir, "--parallel", str(os.cpu_count()),
                         "--target", *targets])
        if run.returncode != 0:
            raise MutantError(f"does not build:\n{run.stdout[-4000:]}")
        # CTest keeps the list of a program's tests: it is made here, where no filter shortens it.
        self._run(["ctest", "--test-dir", self.build_dir, "-N"])

    def tests_fail(self, mutant, timeout_s):
        """True if a named test fails; an error if none of that name runs."""
        environment = dict(os.environ)
        if mutant.filter:
            environment["GTEST_FILTER"] = mutant.filter
        status, output = _run_bounded(["ctest", "--test-dir", self.build_dir, "-R", mutant.kills,
                                       "--no-tests=error", "--stop-on-failure"], environment,
                                      timeout_s)
        if NO_TESTS in output or re.search(r"_NOT_BUILT\b|\*\*\*Not Run\b", output):
            raise MutantError(f"no test matches {mutant.kills} in what {mutant.build} builds")
        if status == 0 and not re.search(r"\.\. +Passed ", output):
            raise MutantError(f"every test that matches {mutant.kills} is skipped")
        return status != 0

    @staticmethod
    def _run(command, **options):
        return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              errors="replace", check=False, **options)


def _run_bounded(command, environment, timeout_s):
    """(status, output) of a command that is ended, with all its children, after the time-out."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace", env=environment, start_new_session=True) as process:
        try:
            output, _ = process.communicate(timeout=timeout_s)
            return process.returncode, output
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            return 1, process.communicate()[0]


def _tracked_files():
    """Files of the tree without what git ignores; of an exported tree, all but build/."""
    run = subprocess.run(["git", "-C", SOURCE, "ls-files", "-co", "--exclude-standard", "-z"],
                         capture_output=True, text=True, check=False)
    if run.returncode == 0:
        paths = [path for path in run.stdout.split("\0") if path]
    else:
        paths = [str(path.relative_to(SOURCE)) for path in SOURCE.rglob("*")]
        paths = [path for path in paths if path.split("/", 1)[0] not in ("build", ".git")]
    return [path for path in paths if (SOURCE / path).is_file()]


def read_mutants(names):
    patches = sorted((SOURCE / "mutants").glob("*.patch"))
    unknown = set(names) - {patch.stem for patch in patches}
    if unknown:
        raise MutantError(f"no such mutant: {', '.join(sorted(unknown))}")
    return [Mutant.read(patch) for patch in patches if not names or patch.stem in names]


@dataclass(frozen=True)
class Unchanged:
    """How the tests of a mutant did on the unchanged tree."""
    problem: str
    seconds: float


def check_unchanged(workshop, mutants):
    """{(kills, filter): Unchanged}. The tests must pass there, or their failure proves nothing."""
    workshop.sync()
    workshop.build(sorted({target for mutant in mutants for target in mutant.build}))
    results = {}
    for mutant in {(mutant.kills, mutant.filter): mutant for mutant in mutants}.values():
        started, problem = time.monotonic(), ""
        try:
            if workshop.tests_fail(mutant, UNCHANGED_TIMEOUT_S):
                problem = "its tests fail on the unchanged tree"
        except MutantError as error:
            problem = str(error)
        results[mutant.kills, mutant.filter] = Unchanged(problem, time.monotonic() - started)
    return results


def judge(workshop, mutant, unchanged):
    """(verdict, explanation): killed, survived or error."""
    if unchanged.problem:
        return "ERROR", unchanged.problem
    try:
        workshop.apply(mutant)
        workshop.build(mutant.build)
        timeout_s = TEST_TIMEOUT_S + 10 * unchanged.seconds
        return ("killed", "") if workshop.tests_fail(mutant, timeout_s) else ("SURVIVED", "")
    except MutantError as error:
        return "ERROR", str(error)
    finally:
        workshop.sync()


def progress(text):
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def run_all(workshop, mutants):
    progress("building the unchanged tree")
    unchanged = check_unchanged(workshop, mutants)
    width = max(len(mutant.name) for mutant in mutants)
    counts = {"killed": 0, "SURVIVED": 0, "ERROR": 0}
    print(f"{'mutant':{width}}  {'rule':>6}  {'verdict':8}  {'seconds':>7}  tests")
    for number, mutant in enumerate(mutants, 1):
        progress(f"{number}/{len(mutants)} {mutant.name}")
        started = time.monotonic()
        verdict, explanation = judge(workshop, mutant, unchanged[mutant.kills, mutant.filter])
        counts[verdict] += 1
        progress("")
        print(f"{mutant.name:{width}}  {mutant.rule:>6}  {verdict:8}  "
              f"{time.monotonic() - started:7.1f}  {mutant.kills}", flush=True)
        if explanation:
            print("    " + explanation.strip().replace("\n", "\n    "))
    print(f"{counts['killed']} killed, {counts['SURVIVED']} survived, {counts['ERROR']} errors")
    return counts["killed"] == len(mutants)


def main():
    parser = argparse.ArgumentParser(prog="./dev mutants", usage=argparse.SUPPRESS,
                                     description=__doc__, add_help=False,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-h", "--help", action="store_true")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--short", type=int, default=1)
    parser.add_argument("names", nargs="*")
    arguments = parser.parse_args()
    if arguments.help:
        print(__doc__.strip())
        return 0
    try:
        mutants = read_mutants(arguments.names)[:: max(1, arguments.short)]
        if arguments.list:
            for mutant in mutants:
                print(f"{mutant.rule:>6}  {mutant.name}  {mutant.kills}")
            missing = CONTRACT_RULES - {rule for mutant in mutants for rule in mutant.rule.split()}
            print(f"rules without a mutant: {' '.join(sorted(missing)) or 'none'}")
            return 0
        if not mutants:
            raise MutantError("there is no mutant")
        root = pathlib.Path(os.environ.get("LARDER_BUILD_ROOT") or SOURCE / "build") / "mutants"
        return 0 if run_all(Workshop(root), mutants) else 1
    except MutantError as error:
        progress("")
        print(f"mutants: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())

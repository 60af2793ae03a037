"""House rules of the source tree, each finding with a hint for its mend.

usage: python3 tools/lint [ROOT] [FILE...]

Checks all files of the tree at ROOT (default: the tree that holds this tool), or prints only the
findings in the FILEs. Exit status 1 if there is a finding.
"""

import os
import pathlib
import sys

import rules_comments
import rules_concurrency
import rules_documents
import rules_layout
from source import SourceFile

RULES = (*rules_layout.RULES, *rules_comments.RULES, *rules_concurrency.RULES,
         *rules_documents.RULES)
CPP_FOLDERS = ("include", "src", "session", "service", "cli", "bench", "examples", "tests", "fuzz")
SUFFIXES = (".h", ".cc", ".md", ".cmake", ".py", ".txt", ".sh", ".toml", ".json", ".yml", ".yaml",
            ".patch")
NAMES = ("dev", "run", "setup")
SKIPPED_FOLDERS = {".git", "build", "__pycache__", ".cache"}


def tree_files(root):
    """Paths of the files to check, relative to the root, sorted."""
    paths = []
    for folder, subfolders, files in os.walk(root):
        subfolders[:] = sorted(name for name in subfolders if name not in SKIPPED_FOLDERS)
        relative = pathlib.PurePosixPath(pathlib.Path(folder).relative_to(root))
        for name in files:
            if name.endswith(SUFFIXES) or name in NAMES:
                paths.append(str(relative / name))
    return sorted(paths)


def is_checked(path):
    """C++ counts only in the folders of C++; everything else is checked for words and links."""
    return not path.endswith((".h", ".cc")) or path.split("/", 1)[0] in CPP_FOLDERS


def lint(root):
    root = pathlib.Path(root)
    sources = [SourceFile.read(root, path) for path in tree_files(root) if is_checked(path)]
    findings = []
    for source in sources:
        findings += rules_layout.check(source)
        findings += rules_comments.check(source)
        findings += rules_concurrency.check(source)
        findings += rules_documents.check(source, lambda path: (root / path).exists())
    findings += rules_layout.check_units(sources)
    findings += rules_concurrency.check_ranks(sources)
    return sorted(findings, key=lambda finding: (finding.path, finding.line, finding.rule)), sources


def main(arguments):
    if arguments[:1] in (["-h"], ["--help"]):
        print(__doc__.strip())
        return 0
    root = arguments[0] if arguments else pathlib.Path(__file__).resolve().parents[2]
    findings, sources = lint(root)
    if arguments[1:]:
        findings = [finding for finding in findings if finding.path in arguments[1:]]
    for finding in findings:
        print(finding)
    print(f"lint: {len(sources)} files, {len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Rules of comments and words: file comments, no history, no open ends, no places of one machine."""

import re

from source import Finding

RULES = ("file-comment", "thread-safety-line", "pragma-once", "history", "open-end", "words")

_HISTORY = re.compile(
    r"\b(previously|no longer|formerly|used to be|was (?:renamed|removed|moved) (?:from|to|in)"
    r"|has been (?:renamed|moved|changed|removed|replaced)|refactored|in the past|as before the change"
    r"|old (?:code|version|implementation)|new (?:code|implementation))\b",
    re.IGNORECASE)
_OPEN_END = re.compile(r"\b(TODO|FIXME|XXX|HACK|TBD)\b|\b[Nn]ot (?:yet )?implemented\b|\bplaceholder\b")
_FORBIDDEN = (
    (re.compile(r"(?<![\w.])/(?:home|root|work|Users)/\w"), "a path of one machine",
     "say it relative to the source tree"),
    (re.compile(r"\b[Ii]ssues? #?\d+\b|(?<![\w&/#])#\d+\b"), "the number of an issue",
     "give the reason itself"),
    (re.compile(r"\b(blazing(?:ly)?|world-class|best-in-class|cutting-edge|state-of-the-art"
                r"|game-chang\w+|production-ready|enterprise-grade)\b", re.IGNORECASE),
     "advertising", "give the figure, or nothing"),
)
_THREAD_SAFETY = re.compile(r"^Thread safety: \S", re.MULTILINE)


def check(source):
    if source.is_cpp:
        yield from check_file_comment(source)
        yield from check_comment_words(source)
    if not source.path.startswith("tools/lint/") and source.path != "tests/house/lint_test.py":
        yield from check_forbidden(source)


def check_file_comment(source):
    comment = source.leading_comment
    if not comment:
        yield Finding(source.path, 1, "file-comment", "the file does not begin with a comment",
                      "one paragraph: what it is, who uses it; in headers a `Thread safety:` line")
    elif source.is_header and not _THREAD_SAFETY.search(comment):
        yield Finding(source.path, 1, "thread-safety-line",
                      "the file comment has no line `Thread safety: ...`",
                      "say which members may be called from where, and who locks")
    if source.is_header and not re.search(r"^#pragma once$", source.code, re.MULTILINE):
        yield Finding(source.path, 1, "pragma-once", "no #pragma once", "add it below the comment")


def check_comment_words(source):
    for number, comment in enumerate(source.comment_lines, 1):
        if match := _HISTORY.search(comment):
            yield Finding(source.path, number, "history", f"`{match.group()}` tells history",
                          "say what holds and why; history is in git")
        if match := _OPEN_END.search(comment):
            yield Finding(source.path, number, "open-end", f"`{match.group()}` in a comment",
                          "do it, or leave it out")


def check_forbidden(source):
    for number, line in enumerate(source.lines, 1):
        if source.path.endswith((".cc", ".h")):
            line = source.comment_lines[number - 1]
        for pattern, message, hint in _FORBIDDEN:
            if match := pattern.search(line):
                yield Finding(source.path, number, "words", f"`{match.group()}`: {message}", hint)

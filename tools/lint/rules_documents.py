"""Rules of the documents: links between files of the tree lead somewhere."""

import posixpath
import re

from source import Finding

RULES = ("link",)

_LINK = re.compile(r"\]\(([^)\s]+)\)")


def check(source, exists):
    if not source.path.endswith(".md"):
        return
    for number, line in enumerate(source.lines, 1):
        for target in _LINK.findall(line):
            target = target.split("#", 1)[0]
            if not target or "://" in target or target.startswith("mailto:"):
                continue
            path = posixpath.normpath(posixpath.join(posixpath.dirname(source.path), target))
            if not exists(path):
                yield Finding(source.path, number, "link", f"{target} does not exist",
                              "mend the link, or write the page")

"""Rules of locks and atomics: their homes, the order in the name, named partners, ranks, no sleeps."""

import re

from source import Finding

RULES = ("atomic-home", "mutex-home", "consumer-lock", "partner", "seq-cst", "sleep", "rank",
         "atomic-role", "analysis-off")

ATOMIC_HOME = "src/base/atomic.h"
MUTEX_HOME = "src/sync/mutex.h"
RANK_HOME = "src/sync/rank.h"
RANK_TABLE = "docs/concurrency.md"
PARTNER_LINES_ABOVE = 8
PARAGRAPH_LINES_ABOVE = 15
ROLE_LINES_ABOVE = 4

_ATOMICS = (r"\bstd::(atomic\w*|memory_order\w*)\b|\b__atomic_\w+|\b__sync_\w+"
            r"|#\s*include\s*<(atomic|stdatomic\.h)>")
_LOCKS = (r"\bstd::(\w*mutex|condition_variable\w*|lock_guard|unique_lock|scoped_lock|shared_lock"
          r"|call_once|once_flag)\b|\bpthread_(mutex|cond|rwlock|spin)_\w+"
          r"|#\s*include\s*<(mutex|shared_mutex|condition_variable)>")
_WAITS = r"\bstd::(latch|barrier|counting_semaphore|binary_semaphore)\b"
_ORDERED = (r"\b(?:load|store|exchange|add|sub|or|and|xor|cas_\w+|fence)"
            r"_(acquire|release|acq_rel|seq_cst)\s*\(")
_ATOMIC_FIELD = r"^[^\n#(]*\b(?:base::)?Atomic<[^;()]*>\s+\w+\s*(?:\[[^;]*\])?\s*(?:\{[^;]*\})?;"
_SLEEP = r"\b(sleep_for|sleep_until|usleep|nanosleep)\s*\(|(?<![\w.:>])sleep\s*\("

# Consumers that need neither locks nor atomics: that is what the library is for.
_LOCK_FREE_CONSUMERS = ("session", "service", "examples")


def check(source):
    if not source.is_cpp:
        return
    yield from check_homes(source)
    yield from check_orders(source)
    yield from check_roles(source)
    yield from check_sleeps(source)
    yield from check_rank_enum(source)


def check_homes(source):
    library = source.path.startswith("src/") and not source.is_test
    consumer = source.folder in _LOCK_FREE_CONSUMERS and not source.is_test
    if consumer:
        for line, match in source.find_code(f"{_ATOMICS}|{_LOCKS}|{_WAITS}"):
            yield Finding(source.path, line, "consumer-lock",
                          f"`{match.group()}` in {source.folder}/",
                          "thread-safety is the cache's duty: find the operation that does it")
        return
    if source.path != ATOMIC_HOME and library:
        for line, match in source.find_code(_ATOMICS):
            yield Finding(source.path, line, "atomic-home", f"`{match.group()}` outside its home",
                          f"use base::Atomic of {ATOMIC_HOME}: its methods name the memory order")
    if source.path != MUTEX_HOME and (library or source.is_public):
        for line, match in source.find_code(_LOCKS):
            if source.path.startswith("src/sync/") and "#" not in match.group():
                continue  # the .cc and siblings of the home adapt its members
            yield Finding(source.path, line, "mutex-home", f"`{match.group()}` outside its home",
                          f"use sync::Mutex of {MUTEX_HOME} with its rank")


def check_orders(source):
    if source.is_test or source.path == ATOMIC_HOME or not (
            source.path.startswith("src/") or source.is_public):
        return
    for line, match in source.find_code(_ORDERED):
        if "pairs with" not in source.comments_near(line, PARTNER_LINES_ABOVE).lower():
            yield Finding(source.path, line, "partner", f"`{match.group()[:-1]}` names no partner",
                          "say `pairs with <the other side>` in a comment on the line or up to "
                          f"{PARTNER_LINES_ABOVE} lines above")
        if match.group(1) == "seq_cst" and not _has_paragraph(source, line):
            yield Finding(source.path, line, "seq-cst", "seq_cst without a paragraph",
                          "say in two lines or more, with the word seq_cst, which reordering "
                          "acquire and release would allow")


def _has_paragraph(source, line):
    comments = source.comment_lines[max(0, line - 1 - PARAGRAPH_LINES_ABOVE): line]
    text = [comment for comment in comments if comment]
    return len(text) >= 2 and any("seq_cst" in comment for comment in text)


def check_roles(source):
    if source.is_test or not source.path.startswith("src/"):
        return
    for line, _ in source.find_code(_ATOMIC_FIELD):
        if not source.comments_near(line, ROLE_LINES_ABOVE).strip():
            yield Finding(source.path, line, "atomic-role", "an atomic field without its role",
                          "say in a comment who writes it, who reads it, and what it publishes")
    for line, _ in source.find_code(r"\bLARDER_NO_THREAD_SAFETY_ANALYSIS\b"):
        if not source.comments_near(line, ROLE_LINES_ABOVE).strip():
            yield Finding(source.path, line, "analysis-off",
                          "the analysis of locks is off without a reason",
                          "say in a comment which locks are held and why the analysis cannot know")


def check_sleeps(source):
    for line, match in source.find_code(_SLEEP):
        yield Finding(source.path, line, "sleep", f"`{match.group()}`",
                      "time is a Clock: move it by hand, or wait for the condition itself")


def check_rank_enum(source):
    if source.path == RANK_HOME:
        return
    for line, _ in source.find_code(r"\benum\s+(class\s+)?\w*Rank\b"):
        yield Finding(source.path, line, "rank", "a second enum of ranks",
                      f"all ranks stand in {RANK_HOME}")


def check_ranks(sources):
    """Over all files: each rank used exists; each rank stands in the table of the documents."""
    by_path = {source.path: source for source in sources}
    home = by_path.get(RANK_HOME)
    if home is None:
        return
    body = re.search(r"enum class Rank\b[^{]*\{(.*?)\}", home.code, re.DOTALL)
    ranks = set(re.findall(r"\bk[A-Z]\w*", body.group(1))) if body else set()
    for source in sources:
        if source.is_cpp:
            for line, match in source.find_code(r"\bRank::(k\w+)"):
                if match.group(1) not in ranks:
                    yield Finding(source.path, line, "rank", f"{match.group()} does not exist",
                                  f"add it to {RANK_HOME}, in its place")
    table = by_path.get(RANK_TABLE)
    if table is not None:
        for rank in sorted(ranks):
            if rank not in table.text:
                yield Finding(RANK_TABLE, 1, "rank", f"{rank} is missing in the table of ranks",
                              "one row per rank: what it guards, what may be taken inside")

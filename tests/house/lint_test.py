#!/usr/bin/env python3
"""The linter finds what it must: one bad sample or more per rule, and a clean tree without findings."""

import importlib.util
import pathlib
import sys
import tempfile
import unittest

TOOL = pathlib.Path(__file__).resolve().parents[2] / "tools" / "lint"
sys.path.insert(0, str(TOOL))
_spec = importlib.util.spec_from_file_location("larder_lint", TOOL / "__main__.py")
tool = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(tool)

HEADER = "// A sample.\n// Thread safety: none.\n#pragma once\n"
SOURCE = "// A sample.\n"
RANKS = HEADER + "enum class Rank { kShard, kLeaf };\n"

CLEAN_TREE = {
    "include/larder/cache.h": HEADER + "#include <string>\n#include \"larder/error.h\"\n",
    "include/larder/error.h": HEADER,
    "src/base/atomic.h": HEADER + "#include <atomic>\nstd::atomic<int> value;\n",
    "src/base/bytes.h": HEADER + "#include <xxhash.h>\n",
    "src/sync/mutex.h": HEADER + "#include <mutex>\nclass Mutex { std::mutex mutex_; };\n",
    "src/sync/rank.h": RANKS,
    "src/table/table.h": HEADER + "#include \"base/bytes.h\"\n#include \"sync/mutex.h\"\n",
    "src/table/table_test.cc": SOURCE + "#include <atomic>\n#include <gtest/gtest.h>\n",
    "src/table/table_race_test.cc": SOURCE,
    "src/table/bucket_array.cc": SOURCE,
    "src/table/bucket_test.cc": SOURCE,
    "src/memory/shard.cc": SOURCE + (
        "#include \"table/table.h\"\n"
        "sync::Mutex mutex{Rank::kShard};\n"
        "base::Atomic<int> state_{0};  // role: published by put()\n"
        "void g() { try { f(); } catch (...) { throw; } }\n"
        "// Caught in parse(): the library below knows no other way. It is caught there.\n"
        "void h() { throw 1; }\n"
        "// The reader's acquire pairs with the writer's store_release in put().\n"
        "int read() { return state_.load_acquire(); }\n"
        "// What is written before the flag must be seen by who reads the other flag first: only\n"
        "// seq_cst forbids both to read the old values. Pairs with the same line in the reader.\n"
        "void raise() { flag_.store_seq_cst(1); }\n"
        "const char* text = \"std::atomic TODO no longer\";\n"
        "const char* raw = R\"(std::mutex sleep_for(1) // TODO)\";\n"),
    "session/store.h": HEADER + "#include \"larder/cache.h\"\n#include \"session/token.h\"\n",
    "session/token.h": HEADER,
    "service/http.cc": SOURCE + "#include \"session/store.h\"\n#include <boost/beast.hpp>\n",
    "tests/model/history.cc": SOURCE + "#include \"memory/shard.h\"\n#include <mutex>\n",
    "docs/concurrency.md": "| kShard | kLeaf |\n[table](../src/table/table.h) [out](https://x.y/)\n",
    "CMakeLists.txt": "# Links in C++ only.\n",
}


def body(line_count):
    """A function whose braces span `line_count` lines."""
    return "int f() {\n" + "  g();\n" * (line_count - 2) + "}\n"


# name: (path, text, rule, line)
BAD_SAMPLES = {
    "level up": ("src/base/a.h", HEADER + '#include "sync/mutex.h"\n', "level", 4),
    "level 3 sideways": ("src/table/a.h", HEADER + '#include "eviction/a.h"\n', "level", 4),
    "sync includes config": ("src/sync/a.cc", SOURCE + '#include "config/a.h"\n', "level", 2),
    "memory includes engine": ("src/memory/a.cc", SOURCE + '#include "engine/a.h"\n', "level", 2),
    "public includes src": ("include/larder/a.h", HEADER + '#include "base/bytes.h"\n', "level", 4),
    "public includes a library": ("include/larder/a.h", HEADER + "#include <boost/x.hpp>\n",
                                  "level", 4),
    "session includes src": ("session/a.cc", SOURCE + '#include "base/bytes.h"\n', "level", 2),
    "session includes service": ("session/a.cc", SOURCE + '#include "service/a.h"\n', "level", 2),
    "contract includes src": ("tests/contract/a.cc", SOURCE + '#include "table/table.h"\n',
                              "level", 2),
    "examples include session": ("examples/a.cc", SOURCE + '#include "session/token.h"\n',
                                 "level", 2),
    "cli includes eviction": ("cli/bench.cc", SOURCE + '#include "eviction/a.h"\n', "level", 2),
    "no folder": ("src/base/a.cc", SOURCE + '#include "bytes.h"\n', "level", 2),
    "angled larder": ("session/a.cc", SOURCE + "#include <larder/cache.h>\n", "level", 2),
    "asio outside net": ("src/engine/a.cc", SOURCE + "#include <boost/asio.hpp>\n", "level", 2),
    "library without home": ("src/engine/a.cc", SOURCE + "#include <fmt/format.h>\n", "level", 2),
    "files outside net": ("src/memory/a.cc", SOURCE + "#include <fstream>\n", "level", 2),
    "sockets outside net": ("src/redis/a.cc", SOURCE + "#include <sys/socket.h>\n", "level", 2),
    "thread outside engine": ("src/memory/a.cc", SOURCE + "std::jthread t;\n", "thread", 2),
    "clock outside base": ("src/memory/a.cc",
                           SOURCE + "auto t = std::chrono::steady_clock::now();\n", "time", 2),
    "long public header": ("include/larder/a.h", HEADER + "int x;\n" * 200, "size", 1),
    "long file": ("src/base/a.cc", SOURCE + "\n" * 600, "size", 1),
    "long function": ("src/base/a.cc", SOURCE + body(71), "size", 2),
    "long member function": ("src/base/a.h",
                             HEADER + 'namespace a {\ntemplate <class T>\nclass LARDER_X("y") B {\n'
                             " public:\n  " + body(71) + "};\n}\n", "size", 8),
    "long test case": ("src/table/table_test.cc", SOURCE + body(71).replace("int f()", "TEST(A, B)"),
                       "size", 2),
    "long constructor": ("src/base/a.cc", SOURCE + "A::A(int x) : a_{x}, b_(y) {\n" + "g();\n" * 70 +
                         "}\n", "size", 2),
    "long example": ("examples/a.cc", SOURCE + "\n" * 80, "size", 1),
    "long line": ("src/base/a.cc", SOURCE + "// " + "x" * 98 + "\n", "size", 2),
    "file name": ("src/base/TimerWheel.cc", SOURCE, "name", 1),
    "test without unit": ("src/base/ghost_test.cc", SOURCE, "name", 1),
    "test of half a word": ("src/table/tab_test.cc", SOURCE, "name", 1),
    "no file comment": ("src/base/a.cc", "int x;\n", "file-comment", 1),
    "blank before comment": ("src/base/a.cc", "\n// Late.\n", "file-comment", 1),
    "no thread safety": ("src/base/a.h", "// A sample.\n#pragma once\n", "thread-safety-line", 1),
    "thread safety too late": ("src/base/a.h",
                               "// A sample.\n#pragma once\n// Thread safety: none.\n",
                               "thread-safety-line", 1),
    "no pragma once": ("src/base/a.h", "// A sample.\n// Thread safety: none.\n", "pragma-once", 1),
    "history": ("src/base/a.cc", SOURCE + "int x;  // no longer atomic\n", "history", 2),
    "history, second": ("src/base/a.cc", SOURCE + "// previously a map\n", "history", 2),
    "open end": ("src/base/a.cc", SOURCE + "/* TODO: bound */\n", "open-end", 2),
    "open end, second": ("src/base/a.cc", SOURCE + "// FIXME\n", "open-end", 2),
    "machine path": ("docs/a.md", "see /home/someone/x\n", "words", 1),
    "machine path in a comment": ("src/base/a.cc", SOURCE + "// in /root/x\n", "words", 2),
    "issue number": ("tools/a.py", "# as issue 12 asks\n", "words", 1),
    "issue mark": ("docs/a.md", "fixes #12\n", "words", 1),
    "advertising": ("README.md", "a blazing cache\n", "words", 1),
    "dead link": ("docs/a.md", "x\n[a](b.md)\n", "link", 2),
    "atomic": ("src/table/a.h", HEADER + "std::atomic<int> x;\n", "atomic-home", 4),
    "atomic include": ("src/table/a.h", HEADER + "#include <atomic>\n", "atomic-home", 4),
    "memory order": ("src/table/a.h", HEADER + "auto o = std::memory_order_acquire;\n",
                     "atomic-home", 4),
    "builtin atomic": ("src/table/a.cc", SOURCE + "__atomic_load_n(p, 0);\n", "atomic-home", 2),
    "mutex": ("src/table/a.h", HEADER + "std::shared_mutex m;\n", "mutex-home", 4),
    "mutex in public": ("include/larder/a.h", HEADER + "std::mutex m;\n", "mutex-home", 4),
    "lock guard": ("src/table/a.cc", SOURCE + "std::lock_guard l(m);\n", "mutex-home", 2),
    "condition variable": ("src/table/a.cc", SOURCE + "#include <condition_variable>\n",
                           "mutex-home", 2),
    "consumer with a mutex": ("session/a.cc", SOURCE + "std::mutex m;\n", "consumer-lock", 2),
    "consumer with an atomic": ("examples/a.cc", SOURCE + "std::atomic<int> n;\n",
                                "consumer-lock", 2),
    "no partner": ("src/table/a.cc", SOURCE + "int x = a.load_acquire();\n", "partner", 2),
    "partner too far": ("src/table/a.cc",
                        SOURCE + "// pairs with b\n" + "\n" * 8 + "a.cas_weak_acq_rel(b, c);\n",
                        "partner", 11),
    "fence without partner": ("src/table/a.cc", SOURCE + "fence_release();\n", "partner", 2),
    "seq_cst without paragraph": ("src/table/a.cc", SOURCE + "a.store_seq_cst(1);  // pairs with b\n",
                                  "seq-cst", 2),
    "atomic field without role": ("src/table/a.h",
                                  HEADER + "struct A {\n\n\n\n  base::Atomic<int> x{0};\n};\n",
                                  "atomic-role", 8),
    "array of atomics": ("src/table/a.h",
                         HEADER + "\n\n\nstd::array<Atomic<std::uint64_t>, N> values{};\n",
                         "atomic-role", 7),
    "analysis off": ("src/table/a.cc",
                     SOURCE + "\n\n\n\nvoid f() LARDER_NO_THREAD_SAFETY_ANALYSIS {\n}\n",
                     "analysis-off", 6),
    "build option": ("include/larder/a.h", HEADER + "#ifdef NDEBUG\n#endif\n", "build-option", 4),
    "build option, second": ("include/larder/a.h", HEADER + "#if defined(LARDER_X)\n#endif\n",
                             "build-option", 4),
    "throw": ("src/table/a.cc", SOURCE + "void f() { throw 1; }\n", "throw", 2),
    "throw in public": ("include/larder/a.h", HEADER + "inline void f() { throw 1; }\n", "throw", 4),
    "sleep": ("tests/model/a.cc", SOURCE + "std::this_thread::sleep_for(1ms);\n", "sleep", 2),
    "bare sleep": ("tests/model/a.cc", SOURCE + "sleep(1);\n", "sleep", 2),
    "second rank enum": ("src/table/a.h", HEADER + "enum class LockRank { kA };\n", "rank", 4),
    "unknown rank": ("src/table/a.cc", SOURCE + "sync::Mutex m{Rank::kGhost};\n", "rank", 2),
    "rank without row": ("docs/concurrency.md", "| kShard |\n", "rank", 1),
}


class LintTest(unittest.TestCase):
    def lint(self, files):
        with tempfile.TemporaryDirectory() as root:
            for path, text in files.items():
                target = pathlib.Path(root) / path
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(text, encoding="utf-8")
            return tool.lint(root)[0]

    def test_clean_tree(self):
        self.assertEqual([str(finding) for finding in self.lint(CLEAN_TREE)], [])

    def test_each_bad_sample_is_found(self):
        for name, (path, text, rule, line) in BAD_SAMPLES.items():
            with self.subTest(name):
                findings = self.lint({**CLEAN_TREE, path: text})
                places = {(finding.path, finding.line, finding.rule) for finding in findings}
                self.assertIn((path, line, rule), places)
                self.assertTrue(all(finding.hint for finding in findings))

    def test_bounds_are_exact(self):
        for path, text in (("include/larder/a.h", HEADER + "int x;\n" * 199),
                           ("src/base/a.cc", SOURCE + body(70)),
                           ("src/base/b.cc", SOURCE + "// " + "x" * 97 + "\n")):
            with self.subTest(path):
                self.assertEqual(self.lint({**CLEAN_TREE, path: text}), [])

    def test_every_rule_has_a_sample(self):
        self.assertEqual({rule for _, _, rule, _ in BAD_SAMPLES.values()}, set(tool.RULES))

    def test_functions_are_seen(self):
        text = SOURCE + (
            "namespace a::b {\nenum class E { x };\nstruct S : T<int> {\n  void m() const {\n  }\n"
            "  int n = 3;\n  std::array<int, 2> v{1, 2};\n};\n"
            "template <class F, class = std::enable_if_t<(1 > 0)>>\nauto g(F f) -> int {\n"
            "  auto l = [&](int x) { return x; };\n  if (f) {\n  }\n}\n"
            "const int table[] = {\n 1,\n 2,\n};\n}\n")
        functions = tool.SourceFile("src/base/a.cc", text).functions
        self.assertEqual([(f.line, f.line_count) for f in functions], [(5, 2), (11, 5)])


if __name__ == "__main__":
    unittest.main()

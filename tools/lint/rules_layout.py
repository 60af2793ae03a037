"""Rules of the layout: include levels, homes of libraries, sizes, names of files."""

import re

from source import Finding

RULES = ("level", "thread", "time", "build-option", "throw", "size", "name")

PUBLIC_HEADER_CODE_LINES = 200
FILE_LINES = 600
FUNCTION_LINES = 70
EXAMPLE_LINES = 80
LINE_COLUMNS = 100

_LEVEL_3 = ("table", "eviction", "expiry", "index", "flight")
_BELOW_ENGINE = ("base", "sync", "resp", "codec", "config", "net", "observe", *_LEVEL_3, "memory",
                 "redis")

# folder -> folders of src/ that it may include besides itself; include/larder/ is open to all.
LIBRARY_LEVELS = {
    "base": (),
    "sync": ("base",),
    "resp": ("base",),
    "codec": ("base",),
    "config": ("base",),
    "net": ("base", "sync"),
    "observe": ("base", "sync"),
    **{folder: ("base", "sync") for folder in _LEVEL_3},
    "memory": ("base", "sync", *_LEVEL_3),
    "redis": ("base", "sync", "resp", "codec", "flight"),
    "engine": _BELOW_ENGINE,
}

# Consumers see public headers, and these top folders besides themselves.
CONSUMER_LEVELS = {
    "session": (),
    "service": ("session",),
    "bench": (),
    "cli": ("session", "service", "bench"),
    "examples": (),
    "tests/contract": ("servers",),
}

# Outside libraries that folders of src/ may use: prefix of the include -> folders.
LIBRARY_HOMES = {
    "xxhash.h": ("base",),
    "toml++/": ("config",),
    "boost/asio": ("net",),
    "boost/": ("net", "codec"),
    "openssl/": ("net",),
    "sodium": ("codec", "base"),
    "zstd.h": ("codec",),
    "msgpack": ("codec",),
}
_POSIX = ("sys/", "linux/", "unistd.h", "pthread.h", "sched.h", "time.h", "fcntl.h", "malloc.h",
          "immintrin.h", "emmintrin.h", "x86intrin.h", "cpuid.h", "arm_neon.h", "signal.h",
          "dlfcn.h")
_TEST_LIBRARIES = ("gtest/", "gmock/", "rapidcheck")
_INPUT_OUTPUT = ("iostream", "fstream", "sys/socket.h", "netinet/", "arpa/", "netdb.h", "poll.h",
                 "sys/epoll.h")


def check(source):
    if not source.is_cpp:
        return
    yield from check_includes(source)
    yield from check_sizes(source)
    yield from check_names(source)
    yield from check_homes(source)
    yield from check_public(source)
    yield from check_throws(source)


def check_includes(source):
    for include in source.includes:
        check_one = _check_quoted if include.quoted else _check_angled
        yield from check_one(source, include)


def _check_quoted(source, include):
    target = include.name.split("/", 1)[0] if "/" in include.name else ""
    folder = source.folder

    def finding(message, hint):
        return Finding(source.path, include.line, "level", message, hint)

    if not target and folder in (*LIBRARY_LEVELS, "public"):
        yield finding(f'"{include.name}" names no folder',
                      'write "<folder>/<file>.h"; src/ and include/ are the include roots')
    elif target in ("", "larder"):
        return
    elif folder == "public":
        yield finding(f'a public header includes "{include.name}"',
                      "public headers use the standard library and larder/ only")
    elif folder in LIBRARY_LEVELS:
        if target != folder and target not in LIBRARY_LEVELS[folder]:
            yield finding(f'{folder}/ includes "{include.name}"',
                          _level_hint(folder, LIBRARY_LEVELS[folder]))
    elif folder in CONSUMER_LEVELS:
        allowed = (folder, folder.split("/")[-1], *CONSUMER_LEVELS[folder])
        replay = target == "eviction" and "replay" in source.name
        if target not in allowed and not replay:
            yield finding(f'{folder}/ includes "{include.name}"',
                          "consumers use larder/*.h and their own files; what is missing there "
                          "belongs into the public interface")


def _level_hint(folder, allowed):
    below = ", ".join(f"{name}/" for name in allowed) or "no folder of src/"
    return (f"{folder}/ may include {below}, larder/ and itself; move the shared part down, or the "
            "caller up")


def _check_angled(source, include):
    name, folder = include.name, source.folder
    if name.startswith("larder/"):
        yield Finding(source.path, include.line, "level", f"<{name}> in angle brackets",
                      f'write "{name}"')
        return
    if source.is_test or folder not in (*LIBRARY_LEVELS, "public"):
        return
    if name.startswith(_INPUT_OUTPUT) and folder != "net":
        yield Finding(source.path, include.line, "level", f"{folder}/ does I/O: <{name}>",
                      "only net/ does I/O; hand the bytes in")
    elif "/" not in name and not name.endswith(".h") and name not in LIBRARY_HOMES:
        return  # the standard library
    elif folder == "public":
        if not source.path.startswith("include/larder/adapt/"):
            yield Finding(source.path, include.line, "level", f"a public header includes <{name}>",
                          "public headers use the standard library only; adapters live in "
                          "larder/adapt/")
    elif not _is_at_home(name, folder):
        yield Finding(source.path, include.line, "level", f"{folder}/ includes <{name}>",
                      "its home is another folder, or it is new: add it to LIBRARY_HOMES in "
                      "tools/lint/rules_layout.py with the folder that wraps it")


def _is_at_home(name, folder):
    if name.startswith(_POSIX):
        return True
    for prefix, folders in LIBRARY_HOMES.items():
        if name.startswith(prefix):
            return folder in folders
    return False


_HOMES = (
    (r"\bstd::(jthread|thread)\b(?!::)|\bstd::async\b|\bpthread_create\b", ("engine", "net"),
     "thread", "starts a thread", "only engine/ starts threads; take a callback instead"),
    (r"\b\w*_clock::now\s*\(|\bclock_gettime\b|\bgettimeofday\b|\bstd::time\s*\(", ("base",),
     "time", "reads the time", "only base/ reads time: take a larder::Clock"),
)


_BUILD_OPTION = r"^[ \t]*#[ \t]*(?:if|ifdef|ifndef|elif)\b.*\b(NDEBUG|LARDER_\w+|BOOST_\w+|__SANITIZE_\w+)"
THROW_LINES_ABOVE = 4


def check_public(source):
    if source.is_public:
        for line, match in source.find_code(_BUILD_OPTION):
            yield Finding(source.path, line, "build-option", f"a public header asks {match.group(1)}",
                          "one header, one meaning: decide it in a .cc or at run time")


def check_throws(source):
    if source.is_test or source.folder not in (*LIBRARY_LEVELS, "public"):
        return
    for line, _ in source.find_code(r"\bthrow\b(?!\s*;)"):
        if "caught" not in source.comments_near(line, THROW_LINES_ABOVE):
            yield Finding(source.path, line, "throw", "the library throws nothing of its own",
                          "return a Result; if a foreign library leaves no choice, a comment says "
                          "where it is caught")


def check_homes(source):
    if source.is_test or source.folder not in LIBRARY_LEVELS:
        return
    for pattern, folders, rule, message, hint in _HOMES:
        if source.folder not in folders:
            for line, _ in source.find_code(pattern):
                yield Finding(source.path, line, rule, f"{source.folder}/ {message}", hint)


def check_sizes(source):
    if source.is_public:
        count = sum(1 for line in source.code_lines if line.strip())
        if count > PUBLIC_HEADER_CODE_LINES:
            yield Finding(source.path, 1, "size",
                          f"{count} lines of code, {PUBLIC_HEADER_CODE_LINES} are allowed",
                          "split by subject, or move what users never read below the seam")
    elif len(source.lines) > FILE_LINES:
        yield Finding(source.path, 1, "size",
                      f"{len(source.lines)} lines, {FILE_LINES} are allowed",
                      "split: one file, one thing")
    if source.folder == "examples" and len(source.lines) > EXAMPLE_LINES:
        yield Finding(source.path, 1, "size",
                      f"{len(source.lines)} lines, an example has at most {EXAMPLE_LINES}",
                      "show one thing")
    for function in source.functions:
        if function.line_count > FUNCTION_LINES:
            yield Finding(source.path, function.line, "size",
                          f"function of {function.line_count} lines, {FUNCTION_LINES} are allowed",
                          "name its steps and make them functions")
    for number, line in enumerate(source.lines, 1):
        if len(line) > LINE_COLUMNS:
            yield Finding(source.path, number, "size",
                          f"{len(line)} columns, {LINE_COLUMNS} are allowed", "./dev fmt")


def check_names(source):
    if not re.fullmatch(r"[a-z][a-z0-9_]*\.(h|cc)", source.name):
        yield Finding(source.path, 1, "name", "file name is not snake_case",
                      "name the file after the one thing inside, like timer_wheel.h")


def check_units(sources):
    """Over all files: a test of src/ stands beside the unit that it names, or a part of it."""
    units = {source.path.rsplit(".", 1)[0] for source in sources
             if source.is_cpp and not source.is_test}
    for source in sources:
        match = re.fullmatch(r"(src/\w+/\w+)_(test|bench|fuzz)\.cc", source.path)
        if match and not any(_share_words(match.group(1), unit) for unit in units):
            yield Finding(source.path, 1, "name", "no unit of this name in the folder",
                          f"x_{match.group(2)}.cc stands beside x.h; tests of several units live in "
                          "tests/")


def _share_words(one, other):
    """a/timer_wheel with a/timer_wheel, a/timer or a/timer_wheel_slots, not with a/time."""
    return f"{one}_".startswith(f"{other}_") or f"{other}_".startswith(f"{one}_")

"""A source file as the rules see it: code without comments and literals, comments by line."""

import bisect
import pathlib
import re
from dataclasses import dataclass
from functools import cached_property

_TOKEN = re.compile(
    r"""
      (?P<line_comment>//(?:[^\n\\]|\\.)*)
    | (?P<block_comment>/\*.*?\*/)
    | (?P<raw_string>\bR"(?P<mark>[^()\s\\"]{0,16})\(.*?\)(?P=mark)")
    | (?P<string>"(?:[^"\\\n]|\\.)*")
    | (?P<char>(?<![0-9a-fA-F])'(?:[^'\\\n]|\\.)+')
    """,
    re.VERBOSE | re.DOTALL,
)
_INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)
_KEEP_NEWLINES = re.compile(r"[^\n]")


@dataclass(frozen=True)
class Finding:
    path: str
    line: int
    rule: str
    message: str
    hint: str

    def __str__(self):
        return f"{self.path}:{self.line}: [{self.rule}] {self.message}\n    hint: {self.hint}"


@dataclass(frozen=True)
class Include:
    line: int
    name: str
    quoted: bool


@dataclass(frozen=True)
class Function:
    line: int
    line_count: int


class SourceFile:
    """One file of the tree; `path` is relative to its root, with forward slashes."""

    def __init__(self, path, text):
        self.path = path
        self.text = text
        self.lines = text.split("\n")
        if self.lines and self.lines[-1] == "":
            self.lines.pop()

    @classmethod
    def read(cls, root, path):
        return cls(path, (pathlib.Path(root) / path).read_text(encoding="utf-8", errors="replace"))

    @property
    def name(self):
        return self.path.rsplit("/", 1)[-1]

    @property
    def is_cpp(self):
        return self.path.endswith((".h", ".cc"))

    @property
    def is_header(self):
        return self.path.endswith(".h")

    @property
    def is_public(self):
        return self.path.startswith("include/")

    @property
    def is_test(self):
        return self.path.startswith("tests/") or self.path.endswith(
            ("_test.cc", "_test.h", "_bench.cc", "_fuzz.cc"))

    @cached_property
    def folder(self):
        """The unit of the level rules: "base" for src/base/x.h, "public", "session", "tests/model"."""
        parts = self.path.split("/")
        if parts[0] == "include":
            return "public"
        if parts[0] == "src" and len(parts) > 2:
            return parts[1]
        if parts[0] == "tests" and len(parts) > 2:
            return "/".join(parts[:2])
        return parts[0]

    @cached_property
    def _split(self):
        """(code, comments): both as long as the text, the other's characters blanked."""
        code, comments, at = [], [], 0
        for token in _TOKEN.finditer(self.text):
            between = self.text[at:token.start()]
            code.append(between)
            comments.append(_blank(between))
            if token.lastgroup in ("line_comment", "block_comment"):
                code.append(_blank(token.group()))
                comments.append(token.group())
            else:
                code.append('"' + _blank(token.group()[2:]) + '"')
                comments.append(_blank(token.group()))
            at = token.end()
        code.append(self.text[at:])
        comments.append(_blank(self.text[at:]))
        return "".join(code), "".join(comments)

    @property
    def code(self):
        return self._split[0]

    @cached_property
    def code_lines(self):
        return self._split[0].split("\n")[: len(self.lines)]

    @cached_property
    def comment_lines(self):
        return [line.strip() for line in self._split[1].split("\n")[: len(self.lines)]]

    @cached_property
    def includes(self):
        return [Include(self.line_at(match.start(2)), match.group(2), match.group(1) == '"')
                for match in _INCLUDE.finditer(self.text)
                if "#" in self.code_lines[self.line_at(match.start(2)) - 1]]

    def line_at(self, offset):
        return bisect.bisect_right(self._line_starts, offset)

    @cached_property
    def _line_starts(self):
        return [0] + [match.end() for match in re.finditer("\n", self.text)]

    @cached_property
    def leading_comment(self):
        """The comment that opens the file, as one string."""
        words = []
        for raw, comment in zip(self.lines, self.comment_lines):
            if not raw.strip() or raw.strip() != comment:
                break
            words.append(comment.lstrip("/").strip())
        return "\n".join(words)

    @cached_property
    def functions(self):
        """Outermost function bodies; lambdas and local classes count with the function around."""
        return list(_functions(self))

    def find_code(self, pattern):
        """(line, match) for each match in the code."""
        for match in re.finditer(pattern, self.code, re.MULTILINE):
            yield self.line_at(match.start()), match

    def comments_near(self, line, above, below=0):
        """Comment text from `above` lines before `line` to `below` after it, `line` included."""
        return "\n".join(self.comment_lines[max(0, line - 1 - above): line + below])


def _blank(text):
    return _KEEP_NEWLINES.sub(" ", text)


_SCOPE = re.compile(r"(inline\s+)?(namespace|class|struct|union|enum|extern)\b")
_NOT_A_HEAD = re.compile(r"template\s*<|\[\[.*?\]\]|^\s*(public|private|protected)\s*:", re.DOTALL)


def _strip_head(head):
    """A declaration's head without preprocessor lines, access labels, attributes, template<...>."""
    head = re.sub(r"^\s*#(?:[^\n\\]|\\\n?)*$", "", head, flags=re.MULTILINE)
    while match := _NOT_A_HEAD.search(head):
        end = match.end()
        if match.group().startswith("template"):
            depth = 1
            while depth and end < len(head):
                depth += {"<": 1, ">": -1}.get(head[end], 0)
                end += 1
        head = head[: match.start()] + " " + head[end:]
    return head.strip()


def _kind_of_block(head):
    head = _strip_head(head)
    if _SCOPE.match(head):
        return "scope"
    return "function" if ")" in head and not head.endswith("=") else "other"


def _functions(source):
    # A macro's body is no function of its own: its lines are left out.
    code = re.sub(r"^[ \t]*#(?:[^\n\\]|\\\n|\\.)*", lambda m: _blank(m.group()), source.code,
                  flags=re.MULTILINE)
    stack, head_start = [], 0
    parentheses = 0
    for match in re.finditer(r"[{}();]", code):
        char = match.group()
        inside_function = any(kind != "scope" for kind, _ in stack)
        if char in "()":
            parentheses += 1 if char == "(" else -1
        elif char == "{":
            if inside_function:
                kind = "inner"
            else:
                kind = "other" if parentheses > 0 else _kind_of_block(code[head_start:match.start()])
            stack.append((kind, match.start()))
            head_start = match.end() if kind != "other" else head_start
        elif char == "}" and stack:
            kind, opened = stack.pop()
            if kind == "function":
                first, last = source.line_at(opened), source.line_at(match.start())
                yield Function(first, last - first + 1)
            if kind != "other":
                head_start = match.end()
        elif char == ";" and parentheses == 0 and not inside_function:
            head_start = match.end()

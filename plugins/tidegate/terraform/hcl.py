"""Reads the blocks of a Terraform file without a look at what its expressions mean.

No more is read than a check before `terraform init` needs: which blocks there are, their labels, and the arguments as
tokens. It is stricter than Terraform: what it does not know, it refuses, so that the two never differ about where a
comment, a string or a block ends (ADR 42).
"""

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

MOST_CHARACTERS = 2_000_000
"""A longer file is refused unread."""
_DEEPEST = 40
"""So deep blocks and templates may nest."""

_WORD = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]*")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_SPACES = re.compile(r"[ \t]+")
_NEWLINE = re.compile(r"\r?\n")
_PLAIN = re.compile(r'[^"\\$%\r\n]+')
_SIGNS = re.compile(r"(\$+|%+)(\{?)")
_HEREDOC = re.compile(r"<<-?([A-Za-z_][A-Za-z0-9_-]*)\r?\n")
_STRANGE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufeff]|\r(?!\n)")
_MARKS = frozenset("{}[]()=,.:?!<>&|+-*/%~")
_ESCAPES = frozenset('nrt"\\uU')
_CLOSES = {"{": "}", "[": "]", "(": ")"}


class Unreadable(ValueError):
    """The text is no Terraform that this reader knows."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line


class Token(NamedTuple):
    """`string` is a quoted text of letters alone, `template` any other one: what it says is not known here."""

    kind: Literal["word", "string", "template", "newline", "mark"]
    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Attribute:
    """An argument of a block."""

    name: str
    line: int
    tokens: tuple[Token, ...]

    @property
    def constant(self) -> str | None:
        """The text that it is; None where it is anything but a plain quoted text."""
        return self.tokens[0].text if len(self.tokens) == 1 and self.tokens[0].kind == "string" else None


@dataclass(frozen=True, slots=True)
class Block:
    """A block, or a whole file: then without type. `line` 0: the file is JSON."""

    type: str
    labels: tuple[str, ...]
    line: int
    attributes: tuple[Attribute, ...] = field(default=())
    blocks: tuple["Block", ...] = field(default=())

    @property
    def is_empty(self) -> bool:
        """Does nothing stand in it?"""
        return not self.attributes and not self.blocks

    def all_of(self, name: str) -> tuple[Attribute, ...]:
        """Its arguments of that name; a file that Terraform takes has one at most."""
        return tuple(it for it in self.attributes if it.name == name)


def parse(text: str) -> Block:
    """The blocks of a file. Raises Unreadable."""
    return _Parser(_Lexer(text).tokens()).file()


def entries_of(attribute: Attribute) -> dict[str, tuple[Token, ...]]:
    """Names and values of an argument that is an object of constant names. Raises Unreadable."""
    tokens = attribute.tokens
    if not _is(tokens[0], "{") or not _is(tokens[-1], "}"):
        raise Unreadable(attribute.line, f"{attribute.name} is not an object that is written out")
    found: dict[str, tuple[Token, ...]] = {}
    at = 1
    while at < len(tokens) - 1:
        key = tokens[at]
        if key.kind == "newline" or _is(key, ","):
            at += 1
            continue
        if key.kind not in {"word", "string"} or not (_is(tokens[at + 1], "=") or _is(tokens[at + 1], ":")):
            raise Unreadable(key.line, f"a name in {attribute.name} is not a plain one")
        end = _value_end(tokens, at + 2)
        if key.text in found:
            raise Unreadable(key.line, f"{key.text} stands twice in {attribute.name}")
        found[key.text] = tokens[at + 2 : end]
        at = end
    return found


def _value_end(tokens: tuple[Token, ...], at: int) -> int:
    depth = 0
    while at < len(tokens) - 1:
        token = tokens[at]
        if depth == 0 and (token.kind == "newline" or _is(token, ",")):
            return at
        if token.kind == "mark":
            depth += (token.text in _CLOSES) - (token.text in _CLOSES.values())
        at += 1
    return at


def _is(token: Token, mark: str) -> bool:
    return token.kind == "mark" and token.text == mark


class _Lexer:
    """Splits a text into tokens. Comments are left out; a line comment ends its line, another one does not."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.lines = [match.start() for match in re.finditer("\n", text)]

    def tokens(self) -> list[Token]:
        if len(self.text) > MOST_CHARACTERS:
            raise Unreadable(1, f"longer than {MOST_CHARACTERS} characters")
        if strange := _STRANGE.search(self.text):
            self.at = strange.start()
            raise self._unreadable(f"a character that no Terraform file needs: {strange[0]!r}")
        return self._main(depth=0)

    def _unreadable(self, reason: str) -> Unreadable:
        return Unreadable(self._line(), reason)

    def _line(self) -> int:
        return bisect_right(self.lines, self.at - 1) + 1

    def _main(self, depth: int) -> list[Token]:
        """All to the end, or below a template to the brace that closes it."""
        if depth > _DEEPEST:
            raise self._unreadable("templates nest too deep")
        found: list[Token] = []
        braces = 0
        while self.at < len(self.text):
            if self._skipped():
                continue
            token = self._token(depth)
            if depth and _is(token, "}") and braces == 0:
                return found
            braces += _is(token, "{") - _is(token, "}")
            found.append(token)
        if depth:
            raise self._unreadable("a template does not end")
        return found

    def _skipped(self) -> bool:
        """Leave out white space or a comment. The newline after a line comment stays."""
        text, at = self.text, self.at
        if spaces := _SPACES.match(text, at):
            self.at = spaces.end()
        elif text[at] == "#" or text.startswith("//", at):
            end = text.find("\n", at)
            self.at = len(text) if end < 0 else end
        elif text.startswith("/*", at):
            end = text.find("*/", at + 2)
            if end < 0:
                raise self._unreadable("a comment does not end")
            self.at = end + 2
        else:
            return False
        return True

    def _token(self, depth: int) -> Token:
        text, line = self.text, self._line()
        if newline := _NEWLINE.match(text, self.at):
            self.at = newline.end()
            return Token("newline", "", line)
        if word := _WORD.match(text, self.at):
            self.at = word.end()
            return Token("word", word[0], line)
        if text[self.at] == '"':
            return self._quoted(depth, line)
        if text.startswith("<<", self.at):
            return self._heredoc(depth, line)
        mark = text[self.at]
        if mark not in _MARKS:
            raise self._unreadable(f"{mark!r} outside of a text")
        self.at += 1
        return Token("mark", mark, line)

    def _quoted(self, depth: int, line: int) -> Token:
        text = self.text
        self.at += 1
        start = self.at
        constant = True
        while self.at < len(text):
            if plain := _PLAIN.match(text, self.at):
                self.at = plain.end()
                continue
            sign = text[self.at]
            if sign == '"':
                said = text[start : self.at]
                self.at += 1
                return Token("string" if constant else "template", said if constant else "", line)
            if sign in "\r\n":
                raise self._unreadable("a quoted text does not end in its line")
            if sign == "\\":
                if text[self.at + 1 : self.at + 2] not in _ESCAPES:
                    raise self._unreadable("an escape that Terraform does not know")
                self.at += 2
                constant = False
            else:
                constant = not self._template(depth) and constant
        raise self._unreadable("a quoted text does not end")

    def _template(self, depth: int) -> bool:
        """Go past signs, and past the template that they may begin. Were they more than plain signs?"""
        signs = _SIGNS.match(self.text, self.at)
        if signs is None:
            raise self._unreadable("a sign that begins nothing")
        if signs[2] and len(signs[1]) > 2:
            raise self._unreadable(f"{signs[0]} can be read in two ways")
        self.at = signs.end()
        if signs[2] and len(signs[1]) == 1:
            self._main(depth + 1)
        return bool(signs[2])

    def _heredoc(self, depth: int, line: int) -> Token:
        begins = _HEREDOC.match(self.text, self.at)
        if begins is None:
            raise self._unreadable("<< that begins no text")
        self.at = begins.end()
        text = self.text
        while self.at < len(text):
            end = text.find("\n", self.at)
            if end < 0:
                break
            whole = text[self.at : end]
            if whole.strip() == begins[1]:
                if whole.strip(" \t\r") != begins[1]:
                    raise self._unreadable("the end of a text with strange spaces around it")
                self.at = end  # the newline is a token of its own
                return Token("template", "", line)
            self._rest_of_line(depth)
        raise self._unreadable(f"the text until {begins[1]} does not end")

    def _rest_of_line(self, depth: int) -> None:
        """A template may go on over several lines; what follows it does not begin a line."""
        text = self.text
        while self.at < len(text):
            sign = text[self.at]
            if sign in "$%":
                self._template(depth)
                continue
            self.at += 1
            if sign == "\n":
                return


class _Parser:
    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens
        self.at = 0

    def file(self) -> Block:
        return self._body("", (), 1, depth=0)

    def _unreadable(self, reason: str) -> Unreadable:
        last = self.tokens[min(self.at, len(self.tokens) - 1)] if self.tokens else Token("newline", "", 1)
        return Unreadable(last.line, reason)

    def _next(self) -> Token | None:
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    def _body(self, kind: str, labels: tuple[str, ...], line: int, depth: int) -> Block:
        if depth > _DEEPEST:
            raise self._unreadable("blocks nest too deep")
        attributes: list[Attribute] = []
        blocks: list[Block] = []
        while (token := self._next()) is not None:
            if token.kind == "newline":
                self.at += 1
            elif depth and _is(token, "}"):
                self.at += 1
                return Block(kind, labels, line, tuple(attributes), tuple(blocks))
            elif token.kind != "word" or not _NAME.fullmatch(token.text):
                raise self._unreadable("neither an argument nor a block")
            else:
                self.at += 1
                following = self._next()
                if following is not None and _is(following, "="):
                    self.at += 1
                    attributes.append(Attribute(token.text, token.line, self._value()))
                else:
                    blocks.append(self._block(token, depth))
        if depth:
            raise self._unreadable(f"the block {kind} of line {line} does not end")
        return Block(kind, labels, line, tuple(attributes), tuple(blocks))

    def _block(self, begins: Token, depth: int) -> Block:
        labels: list[str] = []
        while (token := self._next()) is not None and not _is(token, "{"):
            if token.kind not in {"word", "string"} or not token.text.isascii():
                raise self._unreadable(f"a label of {begins.text} that is not plain")
            labels.append(token.text)
            self.at += 1
        if token is None:
            raise self._unreadable(f"{begins.text} is neither an argument nor a block")
        self.at += 1
        return self._body(begins.text, tuple(labels), begins.line, depth + 1)

    def _value(self) -> tuple[Token, ...]:
        """The tokens up to the end of the line, or of the block that stands in one line. Brackets span lines."""
        start = self.at
        waiting: list[str] = []
        while (token := self._next()) is not None:
            if not waiting and (token.kind == "newline" or _is(token, "}")):
                break
            if token.kind == "mark" and token.text in _CLOSES:
                waiting.append(_CLOSES[token.text])
            elif (
                token.kind == "mark" and token.text in _CLOSES.values() and (not waiting or token.text != waiting.pop())
            ):
                raise self._unreadable("brackets that do not fit")
            self.at += 1
        if waiting or self.at == start:
            raise self._unreadable("a value that does not end" if waiting else "an argument without a value")
        return tuple(self.tokens[start : self.at])

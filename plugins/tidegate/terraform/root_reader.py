"""What a stack's root and its local modules hold, read before terraform sees them. Nothing is run, nothing is fetched.

It reads what the working copy would hold: the root, and beside it the project's modules (`workspace.prepare`). A module
elsewhere is not copied, so terraform would have to fetch it. What cannot be read is a finding of its own.
"""

import os
import stat
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from posixpath import normpath

from tidegate.models.root import RootKind, RootPart, RootSources
from tidegate.terraform import hcl, hcl_json
from tidegate.terraform.hcl import Attribute, Block, Token, Unreadable
from tidegate.terraform.workspace import LEFT_OUT, LOCK, source_digest

_HOST = "registry.terraform.io"
BUILTIN = "terraform.io/builtin/terraform"
_USED_BY = {"resource": 2, "data": 2, "ephemeral": 2, "action": 2, "import": 0}
"""Blocks that a provider works on, with their labels: it is named by `provider`, or by the type's first word."""
_LABELS = {"provider": 1, "variable": 1, "output": 1, "module": 1, "check": 1, **_USED_BY}
_TOP = frozenset({*_LABELS, "terraform", "locals", "moved", "removed"})
_OF_TERRAFORM = frozenset({"required_version", "experiments", "language"})
_ELSEWHERE = frozenset(
    {
        "access_key",
        "assume_role",
        "assume_role_with_web_identity",
        "custom_ca_bundle",
        "endpoints",
        "http_proxy",
        "https_proxy",
        "insecure",
        "profile",
        "secret_key",
        "shared_config_file",
        "shared_config_files",
        "shared_credentials_file",
        "shared_credentials_files",
        "token",
    }
)
"""Settings by which a provider takes other credentials than the role's, or sends these to another service. A shared
configuration file can also name a program that gives credentials (`credential_process`), and it is run."""
_SETTINGS = ("terraform.tfvars", "terraform.tfvars.json", "*.auto.tfvars", "*.auto.tfvars.json")
_OF_THE_CLI = (".terraformrc", "terraform.rc", "*.tfrc")
_PLUGINS = "terraform.d"
"""Terraform also looks for providers below it."""


def read_root(
    root: Path, modules: Path, allowed_providers: tuple[str, ...], secret_variables: tuple[str, ...] = ()
) -> RootSources:
    """The root's parts that a judgement asks for. Raises OSError where a directory or file cannot be read.

    `secret_variables` are those of the root that take a secret.
    """
    digest = source_digest(root, modules)
    reader = _Reader(root, modules)
    reader.read()
    for name in secret_variables:
        if name not in reader.sensitive:
            reader.add("open_variable", name, reader.declared.get(name, "variables.tf"))
    return RootSources(
        parts=tuple(reader.found.values()), source_digest=digest, allowed_providers=tuple(sorted(allowed_providers))
    )


class _Reader:
    def __init__(self, root: Path, modules: Path) -> None:
        self.copied = {"root": root} | ({"modules": modules} if modules.is_dir() else {})
        """By its name in the working copy: what lies there."""
        self.found: dict[tuple[str, str], RootPart] = {}
        self.read_already: set[str] = set()
        self.declared: dict[str, str] = {}
        """Variables of the root, and where they stand."""
        self.sensitive: set[str] = set()

    def read(self) -> None:
        for name, directory in self.copied.items():
            for kind, what, path in _strange_files(directory, top=name == "root"):
                self.add(kind, what, path if name == "root" else f"../modules/{path}")
        self.lock()
        self.module("root")
        if not any(it.kind == "backend" for it in self.found.values()):
            self.add("no_backend", "no backend block", "backend.tf")

    def add(self, kind: RootKind, what: str, where: str) -> None:
        self.found.setdefault((kind, what), RootPart(kind=kind, what=what[:300], where=where))

    def lock(self) -> None:
        for where, block in self.blocks(self.copied["root"] / LOCK, LOCK):
            if block.type == "provider" and len(block.labels) == 1:
                self.add("provider", _address(block.labels[0]), where)
            else:
                self.add("not_understood", f"{block.type} in a lock file", where)

    def module(self, copied: str) -> None:
        """One directory, by its path in the working copy, and those that it uses."""
        if copied in self.read_already:
            return
        self.read_already.add(copied)
        first, _, below = copied.partition("/")
        directory = self.copied[first] / below
        shown = below if first == "root" else f"../{copied}"
        prefix = f"{shown}/" if shown else ""
        names = [it.name for it in directory.iterdir() if _is_source(it.name) and not it.is_dir()]
        files = sorted({*names} - LEFT_OUT(str(directory), names))
        blocks = [it for name in files for it in self.blocks(directory / name, prefix + name)]
        named = {
            name
            for where, block in blocks
            if block.type == "terraform"
            for inner in block.blocks
            if inner.type == "required_providers"
            for name in self.required(inner, where)
        }
        for where, block in blocks:
            self.top(copied, where, block, named)

    def blocks(self, path: Path, shown: str) -> list[tuple[str, Block]]:
        """Blocks of a file with where they stand. Nothing of a file that cannot be read is taken."""
        try:
            if not stat.S_ISREG(path.stat().st_mode):
                raise Unreadable(1, "not a file")
            text = path.read_bytes().decode("utf-8")
            file = hcl_json.parse(text) if path.name.endswith(".json") else hcl.parse(text)
        except Unreadable as error:
            self.add("not_understood", f"{error}", f"{shown}:{error.line}")
            return []
        except UnicodeDecodeError:
            self.add("not_understood", "not UTF-8", f"{shown}:1")
            return []
        for attribute in file.attributes:
            self.add("not_understood", f"{attribute.name} outside of a block", f"{shown}:{attribute.line or 1}")
        return [(_where(shown, block), block) for block in file.blocks]

    def required(self, block: Block, where: str) -> Iterator[str]:
        """Names that a module gives its providers."""
        if block.blocks:
            self.add("not_understood", "a block in required_providers", where)
        for attribute in block.attributes:
            at = _moved(where, attribute.line)
            try:
                self.add("provider", _required(attribute), at)
            except Unreadable as error:
                self.add("not_understood", str(error), at)
            yield attribute.name

    def top(self, copied: str, where: str, block: Block, named: set[str]) -> None:
        if block.type not in _TOP or len(block.labels) != _LABELS.get(block.type, 0):
            self.add("not_understood", f"a block {' '.join((block.type, *block.labels))}", where)
            return
        self.runs_something(block, where)
        if block.type == "terraform":
            self.terraform(copied, where, block, named)
        elif block.type == "provider":
            self.uses(block.labels[0], named, where)
            self.leads_elsewhere(block, where)
        elif block.type == "module":
            self.calls(copied, where, block)
        elif block.type in _USED_BY:
            self.works(where, block, named)
        elif block.type == "variable" and copied == "root":
            self.variable(where, block)
        for inner in block.blocks if block.type == "check" else ():
            if inner.type == "data":
                self.works(_moved(where, inner.line), inner, named)

    def variable(self, where: str, block: Block) -> None:
        self.declared[block.labels[0]] = where
        for attribute in block.all_of("sensitive"):
            if [token.text for token in attribute.tokens] == ["true"]:
                self.sensitive.add(block.labels[0])

    def runs_something(self, block: Block, where: str) -> None:
        for inner in block.blocks:
            at = _moved(where, inner.line)
            if inner.type == "provisioner":
                self.add("provisioner", f"provisioner {' '.join(inner.labels)}", at)
            elif inner.type == "connection":
                self.add("connection", "connection", at)
            self.runs_something(inner, at)

    def terraform(self, copied: str, where: str, block: Block, named: set[str]) -> None:
        for attribute in block.attributes:
            if attribute.name not in _OF_TERRAFORM:
                self.add("not_understood", f"terraform.{attribute.name}", _moved(where, attribute.line))
        for inner in block.blocks:
            at = _moved(where, inner.line)
            match inner.type, inner.labels:
                case "required_providers", ():
                    pass  # read before all else
                case "backend", (label,):
                    if copied == "root" or label != "s3" or not inner.is_empty:  # terraform ignores that of a module
                        self.add("backend", label if inner.is_empty else f"{label}, with settings", at)
                case "cloud", ():
                    self.add("cloud", "cloud", at)
                case "provider_meta", (label,):
                    self.uses(label, named, at)
                case _:
                    self.add("not_understood", f"terraform.{' '.join((inner.type, *inner.labels))}", at)

    def uses(self, local: str, named: set[str], where: str) -> None:
        """A provider by its local name: the one that the module requires by it, else HashiCorp's of that name."""
        if local not in named:
            self.add("provider", BUILTIN if local == "terraform" else _address(local), where)

    def works(self, where: str, block: Block, named: set[str]) -> None:
        if block.type == "data" and block.labels:
            self.add("data_source", block.labels[0], where)
            if block.labels[0] == "terraform_remote_state":
                self.remote_state(block, where)
        chosen = block.all_of("provider")
        for attribute in chosen:
            first = attribute.tokens[0]
            if first.kind in {"word", "string"} and first.text:
                self.uses(first.text.partition(".")[0], named, where)
            else:
                self.add("not_understood", "a provider that is not named", where)
        if not chosen and block.labels:
            self.uses(block.labels[0].partition("_")[0], named, where)

    def remote_state(self, block: Block, where: str) -> None:
        backends = block.all_of("backend")
        if not backends:
            self.add("remote_state", "none", where)
        for attribute in backends:
            self.add("remote_state", attribute.constant or "an expression", where)
        for attribute in block.all_of("config"):
            for token in _words(attribute.tokens):
                if token.text in _ELSEWHERE:
                    self.add("credentials", f"{token.text} of terraform_remote_state", _moved(where, token.line))

    def leads_elsewhere(self, block: Block, where: str) -> None:
        settings = [(it.name, it.line) for it in block.attributes] + [(it.type, it.line) for it in block.blocks]
        for name, line in settings:
            if name in _ELSEWHERE:
                self.add("credentials", f"{name} of provider {block.labels[0]}", _moved(where, line))

    def calls(self, copied: str, where: str, block: Block) -> None:
        for attribute in block.all_of("source"):
            at = _moved(where, attribute.line)
            source = attribute.constant
            if source is None or not source.isascii() or not source.startswith(("./", "../")):
                self.add("module", source or "an expression", at)
                continue
            target = normpath(f"{copied}/{source}")
            if target.partition("/")[0] not in self.copied:
                self.add("module", source, at)
            elif not (self.copied[target.partition("/")[0]] / target.partition("/")[2]).is_dir():
                self.add("not_understood", f"there is no module {source}", at)
            else:
                self.module(target)


def _strange_files(directory: Path, *, top: bool) -> Iterator[tuple[RootKind, str, str]]:
    """Symlinks out of a directory, what is no file at all, and settings that terraform would take from the root."""
    inside = directory.resolve()
    for folder, directories, files in os.walk(directory, onerror=_raise):
        left_out = LEFT_OUT(folder, [*directories, *files])
        directories[:] = [it for it in directories if it not in left_out]
        here = Path(folder).relative_to(directory)
        for name in (*directories, *(it for it in files if it not in left_out)):
            path = Path(folder, name)
            shown = (here / name).as_posix()
            if path.is_symlink():
                if not _stays(path, inside):
                    yield "symlink", f"{shown} -> {os.readlink(path)}", shown
            elif name in files and not stat.S_ISREG(path.lstat().st_mode):
                yield "file", f"{shown}, which is no file", shown
    for name in sorted(os.listdir(directory)) if top else ():
        if name == _PLUGINS or any(fnmatch(name, it) for it in (*_SETTINGS, *_OF_THE_CLI)):
            yield "file", name, name


def _stays(link: Path, inside: Path) -> bool:
    """Does a symlink lead to something in the directory? One to a folder that holds the link has no end."""
    try:
        target = link.resolve(strict=True)
    except (OSError, RuntimeError):  # it leads nowhere, or in a circle
        return False
    return target.is_relative_to(inside) and not link.parent.resolve().is_relative_to(target)


def _raise(error: OSError) -> None:
    raise error


def _is_source(name: str) -> bool:
    """Would terraform load it? It leaves out what editors put aside."""
    put_aside = name.startswith(".") or name.endswith("~") or (name.startswith("#") and name.endswith("#"))
    return name.endswith((".tf", ".tf.json")) and not put_aside


def _required(attribute: Attribute) -> str:
    """The source address of an entry in `required_providers`. Raises Unreadable."""
    if attribute.constant is not None:  # a version alone
        return _implied(attribute.name)
    source = hcl.entries_of(attribute).get("source")
    if source is None:
        return _implied(attribute.name)
    if len(source) != 1 or source[0].kind != "string":
        raise Unreadable(attribute.line, f"the source of {attribute.name} is not a plain text")
    return _address(source[0].text)


def _implied(local: str) -> str:
    return BUILTIN if local == "terraform" else _address(local)


def _address(source: str) -> str:
    """A source address with host and namespace, as terraform completes it."""
    parts = source.lower().split("/")
    defaults = [_HOST, "hashicorp"]
    return "/".join([*defaults[: max(0, 3 - len(parts))], *parts])


def _words(tokens: tuple[Token, ...]) -> Iterator[Token]:
    return (it for it in tokens if it.kind in {"word", "string"})


def _where(shown: str, block: Block) -> str:
    return f"{shown}:{block.line}" if block.line else f"{shown}: {'.'.join((block.type, *block.labels))}"


def _moved(where: str, line: int) -> str:
    """The same file, another line; of JSON no line is known."""
    return f"{where.rpartition(':')[0]}:{line}" if line else where

"""Stand-in providers of the sandbox, and nobody else's: where they are found, and the lock entries that admit them.

TIDEGATE_STAND_IN_MIRROR names a provider mirror of the sandbox. It counts under the profile `sandbox` only; under any
other it is as if it were not set. A committed `.terraform.lock.hcl` never names a stand-in, so production refuses one
whatever its mirrors hold; the sandbox's mirror brings the entries in `stand-in.lock.hcl`, and they go into the working
copy of a stack's lock, with a line that says so.
"""

import re
from pathlib import Path

from tidegate.settings import settings

LOCK_FILE = "stand-in.lock.hcl"
LABEL = "# STAND-IN, sandbox only: this entry is not in the committed lock file.\n"

_ENTRY = re.compile(r'^provider "(?P<source>[^"]+)" \{\n.*?^\}\n', re.MULTILINE | re.DOTALL)
_REQUIRED = re.compile(r'^ +source += "(?P<source>[^"]+)"$', re.MULTILINE)
_HOST = "registry.terraform.io"


def stand_in_mirror() -> Path | None:
    """The sandbox's provider mirror; None outside the sandbox profile, or where none is named."""
    mirror = settings().stand_in_mirror
    return mirror if mirror is not None and settings().profile == "sandbox" else None


def lock_of(root: Path) -> str:
    """The dependency lock that a stack is initialised with: the committed one, in the sandbox with its stand-ins.

    Only the entries of providers that the root itself requires are put in or replaced.
    """
    committed = (root / ".terraform.lock.hcl").read_text(encoding="utf-8")
    mirror = stand_in_mirror()
    entries = mirror / LOCK_FILE if mirror else None
    if entries is None or not entries.is_file():
        return committed
    required = _required_providers(root)
    found = {match["source"]: match[0] for match in _ENTRY.finditer(entries.read_text(encoding="utf-8"))}
    wanted = {source: text for source, text in found.items() if source in required}
    kept = _ENTRY.sub(lambda match: "" if match["source"] in wanted else match[0], committed).rstrip("\n") + "\n"
    return (kept if wanted else committed) + "".join(f"\n{LABEL}{text}" for text in wanted.values())


def _required_providers(root: Path) -> set[str]:
    """Source addresses that the root's own files name, with their host."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in sorted(root.glob("*.tf")))
    named = {match["source"] for match in _REQUIRED.finditer(text)}
    return {name if name.count("/") == 2 else f"{_HOST}/{name}" for name in named}

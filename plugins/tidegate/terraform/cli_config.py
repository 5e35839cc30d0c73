"""Writes Terraform's CLI configuration: unpacked provider mirrors where there are any, the registry for the rest.

Mirrors are looked for in an explicit setting, then in the conventional roots of Terraform, then one level below the
optional-software root. Without a mirror Terraform downloads from the registry as usual. Under the profile `sandbox` the
sandbox's mirror of stand-in providers comes first, and what it holds is taken from nowhere else.
"""

import sys
from collections.abc import Iterable
from pathlib import Path

from tidegate.terraform.stand_in import stand_in_mirror

_HOSTNAME = "registry.terraform.io"
_CONVENTIONAL = (
    Path("/usr/share/terraform/plugins"),
    Path("/usr/local/share/terraform/plugins"),
    Path("/usr/share/terraform/providers"),
)
_OPTIONAL_SOFTWARE = Path("/opt")


def discover_mirrors(setting: str, home: Path | None = None) -> tuple[Path, ...]:
    """Directories that hold an unpacked or packed mirror, most explicit first."""
    if setting:
        return tuple(path for part in setting.split(":") if part and (path := Path(part)).is_dir())
    home = home or Path.home()
    candidates = [home / ".terraform.d" / "plugins", home / ".local" / "share" / "terraform" / "plugins"]
    candidates += _CONVENTIONAL
    candidates += _below(_OPTIONAL_SOFTWARE)
    return tuple(path for path in candidates if (path / _HOSTNAME).is_dir())


def mirrored_providers(mirror: Path) -> tuple[str, ...]:
    """Source addresses in a mirror, e.g. `registry.terraform.io/hashicorp/aws`."""
    return tuple(
        sorted(path.relative_to(mirror).as_posix() for path in mirror.glob(f"{_HOSTNAME}/*/*") if path.is_dir())
    )


def render(mirrors: Iterable[Path]) -> str:
    """The configuration file. Each mirror includes exactly what it holds; `direct` serves everything else."""
    blocks, mirrored = [], []
    for mirror in mirrors:
        include = [address for address in mirrored_providers(mirror) if address not in mirrored]
        if include:
            mirrored += include
            blocks.append(
                f'  filesystem_mirror {{\n    path    = "{mirror}"\n    include = [{_quoted(include)}]\n  }}\n'
            )
    exclude = f"    exclude = [{_quoted(mirrored)}]\n" if mirrored else ""
    blocks.append(f"  direct {{\n{exclude}  }}\n")
    return "disable_checkpoint = true\nprovider_installation {\n" + "".join(blocks) + "}\n"


def write(path: Path, setting: str) -> Path:
    """Write the configuration for this machine to `path` and return it."""
    stand_in = stand_in_mirror()
    mirrors = [*([stand_in] if stand_in else []), *discover_mirrors(setting)]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(render(mirrors), encoding="utf-8")
    return path


def _below(root: Path) -> list[Path]:
    if sys.platform != "linux" or not root.is_dir():
        return []
    return sorted(path for path in root.iterdir() if path.is_dir())


def _quoted(addresses: Iterable[str]) -> str:
    return ", ".join(f'"{address}"' for address in addresses)

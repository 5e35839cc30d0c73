"""What the sandbox's command line can ask for (labelled stand-in; never imported by product code)."""

from dataclasses import dataclass
from pathlib import Path

from sandbox.confluent.credentials import FILE_NAME as CONNECTIONS

DEFAULT_DIRECTORY = Path("runs/sandbox")
DEFAULT_ROLE_ARN = "arn:aws:iam::123456789012:role/fraud-platform-dev-min-execution"
DEFAULT_REGION = "eu-west-2"
LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line asked for."""

    directory: Path
    role_arn: str
    region: str
    port: int
    admin_port: int
    confluent_port: int
    seed_role: bool
    bind: str
    advertise: str
    environments: tuple[str, ...] = ()
    """Whose roles the owners make as `tidegate policy` says; then IAM is enforced."""
    reader_directory: Path | None = None
    """Where the API server's tokens lie, where they lie apart."""

    @property
    def token_file(self) -> Path:
        """Where the web identity token lies that a process finds without being told an environment."""
        return self.directory / "web_identity_token"

    @property
    def tokens(self) -> Path:
        """Where the workers' tokens lie, each under the name of its environment."""
        return self.directory / "tokens"

    @property
    def reader_tokens(self) -> Path:
        """Where the API server's tokens lie, each under the name of its environment."""
        return self.reader_directory or self.directory / "reader_tokens"

    @property
    def env_file(self) -> Path:
        """Where the file to source lies."""
        return self.directory / "env"

    @property
    def connections_file(self) -> Path:
        """Where the Cloud API key of the fake Confluent organization lies, as an Airflow connection."""
        return self.directory / CONNECTIONS

    @property
    def provider_mirror(self) -> Path:
        """Where Terraform finds the stand-in provider."""
        return self.directory / "providers"


def account_and_role(role_arn: str) -> tuple[str, str]:
    """Split arn:aws:iam::<account>:role/<path/name>. Raises ValueError with one sentence when it is not a role ARN."""
    parts = role_arn.split(":")
    well_formed = len(parts) == 6 and parts[2] == "iam" and len(parts[4]) == 12 and parts[4].isdecimal()
    if not well_formed or not parts[5].startswith("role/") or parts[5].endswith("/"):
        raise ValueError(f"{role_arn!r} is not a role ARN such as arn:aws:iam::123456789012:role/name.")
    return parts[4], parts[5].rpartition("/")[2]

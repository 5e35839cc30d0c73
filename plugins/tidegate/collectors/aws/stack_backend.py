"""Where the state of a stack lies: the manifest's shared backend with the stack's own settings laid over it."""

from dataclasses import dataclass

from tidegate.models.environment import Environment


@dataclass(frozen=True, slots=True, kw_only=True)
class BackendSettings:
    """What `terraform init` is given for one stack."""

    bucket: str
    key: str
    region: str
    lock_table: str
    use_lockfile: bool
    encrypt: bool

    @property
    def lock_id(self) -> str:
        """The DynamoDB key of the state lock; `<lock id>-md5` beside it holds a digest and is no lock."""
        return f"{self.bucket}/{self.key}"

    @property
    def digest_id(self) -> str:
        """The DynamoDB key of the item that holds the MD5 digest of the state object."""
        return f"{self.lock_id}-md5"

    @property
    def lockfile_key(self) -> str:
        """The S3 key of the lock file."""
        return f"{self.key}.tflock"


def backend_settings(environment: Environment, stack: str) -> BackendSettings:
    """The backend settings in force for a stack. Raises KeyError for a stack that the manifest does not have."""
    own, shared = environment.stacks[stack], environment.backend
    return BackendSettings(
        bucket=own.state_bucket or shared.bucket,
        key=own.state_key,
        region=own.region or environment.region,
        lock_table=own.lock_table or shared.lock_table,
        use_lockfile=shared.use_lockfile if own.use_lockfile is None else own.use_lockfile,
        encrypt=shared.encrypt if own.encrypt is None else own.encrypt,
    )

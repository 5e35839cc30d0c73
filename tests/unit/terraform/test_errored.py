"""`errored.tfstate`: private at once, out of the way before the next apply, never overwritten."""

from pathlib import Path

from tidegate.terraform import errored
from tidegate.terraform.workspace import Workspace


def workspace(directory: Path) -> Workspace:
    made = Workspace("dev_min", "demo", directory)
    made.root.mkdir(parents=True)
    return made


def left(made: Workspace, text: str) -> Path:
    path = made.root / "errored.tfstate"
    path.write_text(text)
    path.chmod(0o644)  # as terraform leaves it under a usual umask
    return path


def test_its_digest_is_taken_and_it_is_private(tmp_path: Path) -> None:
    made = workspace(tmp_path)
    assert errored.digest_as_it_ended(made) is None
    path = left(made, "")
    assert errored.digest_as_it_ended(made) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert path.stat().st_mode & 0o777 == 0o600


def test_each_content_is_kept_once_and_private(tmp_path: Path) -> None:
    made = workspace(tmp_path)
    for text in ("first", "second", "first"):
        path = left(made, text)
        kept = errored.put_aside(made)
        assert kept is not None
        assert not path.exists()
        assert (kept.stat().st_mode & 0o777, kept.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert sorted(it.read_text() for it in errored.kept_files(made)) == ["first", "second"]
    assert errored.put_aside(made) is None

"""docs/sandbox-refusals.md is what the stand-ins declare."""

from sandbox.document import PAGE, page


def test_the_page_is_fresh() -> None:
    assert PAGE.read_text("utf-8") == page(), "run `make docs`"

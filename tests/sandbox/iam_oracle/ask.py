"""Ask the independent evaluator again and write what it says: `python tests/sandbox/iam_oracle/ask.py`.

It needs node and npm, installs the evaluator (AGPL; it never becomes a part of the product) into a temporary directory,
and is run by hand when cases.py changes.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1]))

from sandbox_iam_cases import ACCOUNT, SESSION, cases, digest  # noqa: E402

PACKAGE = "@cloud-copilot/iam-simulate@0.1.173"


def main() -> None:
    """Write verdicts.json."""
    made = cases()
    asked = json.dumps({"cases": made, "session": SESSION, "account": ACCOUNT})
    with tempfile.TemporaryDirectory() as directory:
        script = Path(directory) / "oracle.cjs"
        script.write_bytes((HERE / "oracle.cjs").read_bytes())
        install = ["npm", "install", "--silent", "--no-audit", "--prefix", directory, PACKAGE]
        subprocess.run(install, check=True, timeout=300)
        said = subprocess.run(
            ["node", str(script)], input=asked, capture_output=True, text=True, check=True, timeout=300
        )
    verdicts = {"oracle": PACKAGE, "cases": digest(made), "verdicts": said.stdout}
    (HERE / "verdicts.json").write_text(json.dumps(verdicts, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

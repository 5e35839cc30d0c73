"""A child of the sandbox's supervisor dies with it, however it dies. Labelled stand-in; never imported by product code.

The supervisor keeps the only write end of a pipe; each child reads the other end. When the supervisor is gone, even
by SIGKILL, the kernel closes the write end, the read returns, and the child leaves at once.
"""

import os
import threading

ORPHANED = 70


def leave_when_closed(read_end: int) -> None:
    """Exit this process as soon as the write end of the pipe behind `read_end` is closed."""
    threading.Thread(target=_wait, args=(read_end,), name="lifeline", daemon=True).start()


def _wait(read_end: int) -> None:
    os.read(read_end, 1)
    os._exit(ORPHANED)

"""Run the stand-in provider: Terraform starts this through the wrapper in the sandbox's mirror."""

import os
import sys
import tempfile

import tf.provider
from tf.runner import run_provider

from sandbox.confluent.provider.servicer import Servicer


def main() -> int:
    """Serve until Terraform is done. The runner of `tf` takes its servicer from its own module, so it is put there."""
    tf.provider.ProviderServicer = Servicer
    # The runner keeps a certificate and its key below HOME. Nobody needs them after the process, and the mirror may be
    # on a volume that this process can only read.
    with tempfile.TemporaryDirectory() as home:
        os.environ["HOME"] = home
        run_provider(None)
    return 0


if __name__ == "__main__":
    sys.exit(main())

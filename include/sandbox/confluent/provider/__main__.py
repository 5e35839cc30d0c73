"""Run the stand-in provider: Terraform starts this through the wrapper in the sandbox's mirror."""

import sys

import tf.provider
from tf.runner import run_provider

from sandbox.confluent.provider.servicer import Servicer


def main() -> int:
    """Serve until Terraform is done. The runner of `tf` takes its servicer from its own module, so it is put there."""
    tf.provider.ProviderServicer = Servicer
    run_provider(None)
    return 0


if __name__ == "__main__":
    sys.exit(main())

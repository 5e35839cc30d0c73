"""The account's owner in the sandbox (labelled stand-in)."""

OWNER_ROLE = "sandbox-account-owner"
"""A session of this role does what the account's owner does: nothing is denied to it."""

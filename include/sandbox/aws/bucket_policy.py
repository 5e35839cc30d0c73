"""Bucket policies in the sandbox (labelled extension of moto): a Deny with a condition denies nothing.

moto takes an unmet condition for a denial, so a policy that denies calls without TLS would deny every call. It cannot
evaluate `aws:SecureTransport`; on the sandbox's loopback address every call counts as secure transport. Deny
statements without a condition are judged by moto as before.
"""

from typing import Any

from moto.iam.access_control import IAMPolicyStatement, PermissionResult

from sandbox.aws.patching import replace

_JUDGED_BY_MOTO = IAMPolicyStatement.is_action_permitted


def _is_action_permitted(self: IAMPolicyStatement, *args: Any, **kwargs: Any) -> PermissionResult:
    statement = self._statement
    if statement.get("Effect") == "Deny" and "Condition" in statement:
        return PermissionResult.NEUTRAL
    return _JUDGED_BY_MOTO(self, *args, **kwargs)


def install() -> None:
    """Put the extension on moto's class."""
    replace(IAMPolicyStatement, "is_action_permitted", _is_action_permitted)

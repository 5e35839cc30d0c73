"""Takes secrets out of texts that others wrote, before they become evidence or a log line (ID4)."""

import re

_LONGEST_MESSAGE = 300

_SECRETS = (
    (re.compile(r"\b(AKIA|ASIA)[A-Z0-9]{12,}\b"), r"\1****"),
    (re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]*"), "(token)"),
    (re.compile(r"//[^/@\s]+@"), "//"),
    (re.compile(r"(?i)\b(authorization[\"']?\s*[=:]\s*[\"']?)(bearer|basic)\s+[^\s\"',]+"), r"\1\2 ****"),
    (
        re.compile(
            r"(?i)((?:security[_-]?token|session[_-]?token|signature|credential|password|secret[_-]?access[_-]?key"
            r"|api[_-]?secret)[\"']?\s*[=:]\s*[\"']?)[^\s\"',]+"
        ),
        r"\1****",
    ),
)


def without_secrets(text: str) -> str:
    """The text without access keys, tokens, signatures, passwords and credentials in URLs. Twice is as once."""
    for pattern, replacement in _SECRETS:
        text = pattern.sub(replacement, text)
    return text


def redacted(message: str) -> str:
    """The first two lines as one, shortened, without secrets."""
    return without_secrets(" ".join(message.strip().splitlines()[:2]))[:_LONGEST_MESSAGE]

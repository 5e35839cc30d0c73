"""The phases: one DAG each, with one purpose."""

from typing import Literal

Phase = Literal[
    "m1",
    "m2",
    "m9",
    "stop",
    "release",
    "audit",
    "hourly",
    "extend",
    "unlock",
    "scheduledbuild",
    "scheduledteardown",
    "hold",
]
"""Also the prefix of the phase's execution ids."""

"""Guardrail sensors: look again until a gate passes, or a deadline is reached. The worker judges."""

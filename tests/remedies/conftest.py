"""The stage, shared by all tests of this folder."""

from stage_fixtures import bootstrapped, built, stage, with_kafka

__all__ = ["bootstrapped", "built", "stage", "with_kafka"]

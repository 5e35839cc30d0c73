"""Reads of the world. A collector returns facts and never judges; clients are passed in."""

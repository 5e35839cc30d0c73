"""One refused call for each refusal that a stand-in declares: read by tests/sandbox/test_refusals.py."""

"""Reads of AWS, one file per subject; each file declares the IAM actions it needs in `IAM_ACTIONS`."""

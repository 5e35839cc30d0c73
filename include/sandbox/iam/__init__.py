"""IAM as AWS evaluates it: who may do what. Labelled extension of the sandbox; never imported by product code."""

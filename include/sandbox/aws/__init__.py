"""The AWS stand-in of the sandbox: moto's server, and one labelled extension file per service it does not cover."""

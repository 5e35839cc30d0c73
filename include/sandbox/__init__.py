"""The embedded sandbox: a labelled stand-in for AWS on loopback ports. Product code never imports it.

`python -m sandbox.supervisor start` brings it up; `runs/sandbox/env` holds what to source.

    client --> fault proxy --> moto with labelled extensions
                  ^                 ^
                  +---- admin API --+          all under one supervisor process
"""

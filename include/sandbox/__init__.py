"""The embedded sandbox: labelled stand-ins for AWS and Confluent Cloud on loopback. Product code never imports it.

`python -m sandbox.supervisor start` brings it up; `runs/sandbox/env` holds what to source.

    AWS client --> fault proxy --> moto with labelled extensions
                      ^                 ^
                      +---- admin API --+--> fake Confluent API <-- Confluent client, stand-in provider

All under one supervisor process.
"""

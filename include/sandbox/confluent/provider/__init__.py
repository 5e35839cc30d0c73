"""STAND-IN for the Terraform provider confluentinc/confluent; not Confluent's. Talks to a loopback fake only.

    __main__  ->  servicer (the protocol)  ->  planning (as terraform-plugin-sdk does)  ->  resources  ->  client

Only `servicer` and `wire` need the Python package `tf`, which `make setup` puts into an environment of its own; this
package is run by that environment, so it imports nothing else but the standard library.
"""

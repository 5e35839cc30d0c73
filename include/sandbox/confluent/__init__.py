"""The sandbox's labelled stand-in for Confluent Cloud: a fake of its REST API and costs API, and a Terraform provider.

Names of paths, fields and errors follow the public API descriptions; nothing here is Confluent's, and nothing here was
ever compared with Confluent Cloud itself. Loopback only. Product code never imports it.
"""

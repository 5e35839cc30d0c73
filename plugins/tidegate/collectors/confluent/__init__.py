"""Reads of Confluent Cloud. Endpoint, key and transport are passed in; nothing here judges."""

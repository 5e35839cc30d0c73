"""Judges stored evidence again, from files or S3: digests, schema, judgements, attempts, verdict, chain (EV2, EV3).

Reads only. Knows gates and stores; knows neither lanes nor Airflow, so that a lane can use it as well.
"""

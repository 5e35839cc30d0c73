"""Runs tidegate on one machine: Airflow's real scheduler, executor, triggerer and pages on SQLite, beside the sandbox.

For trying out, demonstrating and testing. Deployments use docker-compose.yaml instead. Product code never imports this.
"""

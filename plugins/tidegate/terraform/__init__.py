"""Knows Terraform and not Airflow. Its `process` is the only place that spawns a process."""

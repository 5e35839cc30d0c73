"""Knows terraform and not Airflow. `runner` is the only place that spawns a process."""

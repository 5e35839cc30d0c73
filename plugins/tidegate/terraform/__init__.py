"""Runs Terraform and knows nothing of Airflow. Only its module `process` spawns processes."""

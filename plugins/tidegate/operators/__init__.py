"""How Airflow runs lanes: gates, plans, applies, verdicts."""

"""What is priced before the first run is what the code builds."""

import re
from pathlib import Path

from tidegate.environments import load, load_policies

TERRAFORM = Path(__file__).resolve().parents[2] / "include" / "terraform"


def test_what_is_priced_before_the_first_run_is_what_the_code_builds() -> None:
    """`built` of the allowed types repeats what decides a price; M1.A and `tidegate manifest check` price by it."""
    built = load_policies(load("dev_min")).allowed_types.built
    places = {
        ("demo", "aws_db_instance"): TERRAFORM / "modules" / "runtime_database" / "main.tf",
        ("demo", "aws_ecs_service"): TERRAFORM / "modules" / "container_service" / "main.tf",
        ("demo", "aws_vpc_endpoint"): TERRAFORM / "modules" / "network" / "main.tf",
        ("core", "aws_dynamodb_table"): TERRAFORM / "core" / "main.tf",
        ("confluent", "confluent_kafka_cluster"): TERRAFORM / "confluent" / "main.tf",
        ("serving", "aws_dynamodb_table"): TERRAFORM / "serving" / "main.tf",
    }
    # Not written there: the provider's default, a variable (0 by default), and the one block of a basic cluster.
    elsewhere = {"scheduling_strategy": "REPLICA", "desired_count": 0, "basic.#": 1}
    assert set(places) == {(stack, kind) for stack, kinds in built.items() for kind in kinds}
    for (stack, kind), path in places.items():
        text = path.read_text("utf-8")
        for name, value in built[stack][kind].items():
            if name in elsewhere:
                assert value == elsewhere[name]
            else:
                written = f'"{value}"' if isinstance(value, str) else str(value).lower()
                assert re.search(rf"^  {name} += {re.escape(written)}$", text, re.MULTILINE), (kind, name)

"""Clients are made once, with the same deadlines and retries."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import BotoCoreError, InvalidEndpointConfigurationError

from tidegate.collectors.aws.clients import Clients


def test_a_client_is_made_once_per_service_and_region(clients):
    assert clients.s3 is clients.s3
    assert clients.s3 is clients.s3_in("eu-west-2")
    assert clients.ec2("eu-west-2") is not clients.ec2("us-east-1")


def test_making_them_is_thread_safe(clients):
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: clients.ecs("eu-west-2"), range(16)))
    assert len(set(map(id, made))) == 1


@pytest.mark.parametrize("service", ["s3", "dynamodb", "sts", "ssm", "sns", "iam", "budgets", "ce"])
def test_services_of_the_default_region(clients, service):
    assert getattr(clients, service).meta.service_model.service_name == service


@pytest.mark.parametrize("service", ["ec2", "ecs", "rds", "elb", "elbv2"])
def test_services_of_a_region(clients, service):
    client = getattr(clients, service)("us-east-1")
    assert (client.meta.service_model.service_name, client.meta.region_name) == (service, "us-east-1")


def test_deadlines_and_retries_are_set_in_one_place(clients):
    config = clients.dynamodb_in("eu-west-2").meta.config
    assert (config.connect_timeout, config.read_timeout) == (5, 20)
    assert config.retries == {"mode": "standard", "total_max_attempts": 4}


def test_buckets_are_paths_on_a_stand_in(monkeypatch):
    assert Clients.from_environment("eu-west-2").s3.meta.config.s3 == {"addressing_style": "auto"}
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://localhost:1")
    assert Clients.from_environment("eu-west-2").s3.meta.config.s3 == {"addressing_style": "path"}


def test_an_unknown_profile_is_a_botocore_error_of_the_first_client(monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    clients = Clients.from_environment("eu-west-2")
    with pytest.raises(BotoCoreError):
        _ = clients.s3


def test_an_endpoint_that_is_no_url_is_a_botocore_error(monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "not a url")
    with pytest.raises(InvalidEndpointConfigurationError):
        _ = Clients.from_environment("eu-west-2").s3

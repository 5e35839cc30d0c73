"""A teardown's look at many parameters, over HTTP: few calls, and a throttled answer that says so (TD4)."""

import os
from collections.abc import Iterator
from unittest import mock

import pytest

from sandbox.testing import Sandbox
from tidegate.collectors.aws.clients import Clients
from tidegate.collectors.aws.lookup import still_there
from tidegate.models.observed import Known, Unreadable
from tidegate.models.state import StateResource

REGION = "eu-west-2"
PATH = "/fraud-platform/dev_min/throttled"


@pytest.fixture
def resources(sandbox: Sandbox) -> Iterator[tuple[StateResource, ...]]:
    """Eleven parameters as a destroy-set names them."""
    ssm = sandbox.client("ssm")
    names = [f"{PATH}/p{number:02}" for number in range(11)]
    for name in names:
        ssm.put_parameter(Name=name, Value="v", Type="String")
    yield tuple(
        StateResource(address=f"aws_ssm_parameter.p[{number}]", type="aws_ssm_parameter", id=name)
        for number, name in enumerate(names)
    )
    ssm.delete_parameters(Names=names[:10])
    ssm.delete_parameters(Names=names[10:])


@pytest.fixture
def clients(sandbox: Sandbox) -> Iterator[Clients]:
    with mock.patch.dict(os.environ, sandbox.applied_to(os.environ), clear=True):
        yield Clients.from_environment(REGION)


def test_twenty_throttled_answers_are_no_end(
    sandbox: Sandbox, clients: Clients, resources: tuple[StateResource, ...]
) -> None:
    """Each look is one call, sent four times at most: the sixth look gets its answer."""
    with sandbox.admin.fault(service="ssm", kind="throttle", operation="DescribeParameters", times=20):
        looks = [still_there(clients, resources) for _ in range(6)]
    assert [isinstance(found, Unreadable) and found.transient for found in looks[:5]] == [True] * 5
    assert looks[5] == Known(resources)


def test_a_refused_look_is_not_asked_again(
    sandbox: Sandbox, clients: Clients, resources: tuple[StateResource, ...]
) -> None:
    with sandbox.admin.fault(service="ssm", kind="access_denied", operation="DescribeParameters", times=1):
        found = still_there(clients, resources)
    assert isinstance(found, Unreadable)
    assert not found.transient

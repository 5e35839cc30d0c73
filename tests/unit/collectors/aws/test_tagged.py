"""What bears the environment's tags: which ARNs are whose to tell, and what a bad answer is."""

from types import SimpleNamespace

import pytest

from tidegate.collectors.aws.arns import TYPES, named_by
from tidegate.collectors.aws.inventory import ANSWERED_BY, LISTINGS
from tidegate.collectors.aws.lookup import QUESTIONS
from tidegate.collectors.aws.tagged import NEVER_LEFT, PARTLY_LISTED, asked_live, tagged_in
from tidegate.environments import load_policies
from tidegate.models.observed import Absent, Known, Unreadable
from tidegate.models.tagged import TaggedResource

HERE, FAR = "eu-west-2", "us-east-1"
CALL, OK = "before-call.resource-groups-tagging-api.GetResources", SimpleNamespace(status_code=200, raw=None)
OURS = {"project": "fraud-platform", "environment": "dev_min", "lifecycle": "ephemeral"}
TAGS = [{"Key": name, "Value": value} for name, value in OURS.items()]
ACCOUNT = "123456789012"
QUEUE = f"arn:aws:sqs:{HERE}:{ACCOUNT}:jobs"
TABLE = f"arn:aws:ec2:{HERE}:{ACCOUNT}:route-table/rtb-1"
NO_ARN_OF_THEIR_OWN = {
    "aws_alb": "an alias of aws_lb",
    "aws_appautoscaling_target": "bears no tags in the tagging API",
    "aws_docdb_cluster": "an ARN of rds",
    "aws_elasticsearch_domain": "an alias of aws_opensearch_domain",
    "aws_elb": "its ARN reads as one of aws_lb",
    "aws_globalaccelerator_custom_routing_accelerator": "its ARN reads as one of aws_globalaccelerator_accelerator",
    "aws_msk_serverless_cluster": "an ARN of kafka",
    "aws_neptune_cluster": "an ARN of rds",
}
BEARS_NO_TAGS = {
    "aws_budgets_budget": "has no tags here",
    "aws_default_security_group": "an ARN of a security group",
    "aws_iam_role": "not known to the tagging API",
    "aws_lambda_function_url": "a part of its function",
    "aws_iam_role_policy": "a part of its role",
    "aws_iam_role_policy_attachment": "a part of its role",
    "aws_route": "a part of its table",
    "aws_route_table_association": "a part of its table",
    "aws_s3_bucket_": "a part of its bucket",
    "aws_scheduler_schedule": "bears no tags; its group does",
    "aws_sns_topic_policy": "a part of its topic",
    "aws_sns_topic_subscription": "bears no tags",
    "aws_vpc_endpoint_route_table_association": "a part of its endpoint",
    "aws_vpc_security_group_egress_rule": "an ARN of a rule, whichever its direction",
}


@pytest.fixture
def answer(clients):
    """Every region answers with these pages of ARNs, or of whole items, or raises."""

    def prepare(*given):
        pages = list(given)
        asked = []

        def give(params, **_):
            asked.append(params["body"].decode())
            page = pages[min(len(asked), len(pages)) - 1]
            if isinstance(page, Exception):
                raise page
            items = [it if not isinstance(it, str) else {"ResourceARN": it, "Tags": TAGS} for it in page]
            more = {"PaginationToken": "t" if len(asked) < len(pages) else ""}
            return OK, {"ResourceTagMappingList": items, **more}

        clients.session.get_component("event_emitter").register_first(CALL, give)
        return asked

    return prepare


def arns(found, region=HERE):
    assert isinstance(found[region], Known), found
    return [it.arn for it in found[region].value]


def test_all_pages_of_every_region_with_all_tags(clients, answer):
    asked = answer([TABLE], [QUEUE])
    found = tagged_in(clients, (HERE, HERE), OURS)
    assert arns(found) == [TABLE, QUEUE]
    assert len(asked) == 2
    assert all(name in asked[0] and value in asked[0] for name, value in OURS.items())


def test_each_region_is_asked_with_its_own_client(clients):
    regions = []

    def give(request_signer, **_):
        regions.append(request_signer.region_name)
        return OK, {"ResourceTagMappingList": []}

    clients.session.get_component("event_emitter").register_first(CALL, give)
    assert tagged_in(clients, (HERE, FAR), OURS) == {HERE: Known(()), FAR: Known(())}
    assert sorted(regions) == [HERE, FAR]


@pytest.mark.parametrize(
    ("arn", "type_", "id_"),
    [
        (TABLE, "aws_route_table", "rtb-1"),
        (QUEUE, "", QUEUE),
        (f"arn:aws:rds:{HERE}:{ACCOUNT}:subgrp:db", "aws_db_subnet_group", "db"),
        (f"arn:aws:logs:{HERE}:{ACCOUNT}:log-group:/ecs/x:*", "aws_cloudwatch_log_group", "/ecs/x"),
        (f"arn:aws:ssm:{HERE}:{ACCOUNT}:parameter/a/b", "aws_ssm_parameter", "/a/b"),
        (f"arn:aws:ssm:{HERE}:{ACCOUNT}:parameter/plain", "aws_ssm_parameter", "plain"),
        ("arn:aws:s3:::a-bucket", "aws_s3_bucket", "a-bucket"),
        (f"arn:aws:sns:{HERE}:{ACCOUNT}:t", "aws_sns_topic", f"arn:aws:sns:{HERE}:{ACCOUNT}:t"),
        (f"arn:aws:lambda:{HERE}:{ACCOUNT}:function:f", "", f"arn:aws:lambda:{HERE}:{ACCOUNT}:function:f"),
        (
            f"arn:aws:wafv2:{HERE}:{ACCOUNT}:regional/ipset/i/1",
            "",
            f"arn:aws:wafv2:{HERE}:{ACCOUNT}:regional/ipset/i/1",
        ),
        (f"arn:aws-us-gov:ec2:{HERE}:{ACCOUNT}:route-table/rtb-1", "aws_route_table", "rtb-1"),
    ],
)
def test_what_an_arn_says(clients, answer, arn, type_, id_):
    answer([arn])
    (found,) = tagged_in(clients, (HERE,), OURS)[HERE].value
    assert found == TaggedResource(arn=arn, region=HERE, type=type_, id=id_, there=Absent())


@pytest.mark.parametrize(
    ("arn", "type_", "id_"),
    [
        (QUEUE, "aws_sqs_queue", f"https://sqs.{HERE}.amazonaws.com/{ACCOUNT}/jobs"),
        (f"arn:aws:lambda:{HERE}:{ACCOUNT}:function:f", "aws_lambda_function", "f"),
        (f"arn:aws:scheduler:{HERE}:{ACCOUNT}:schedule-group/g", "aws_scheduler_schedule_group", "g"),
        (f"arn:aws:athena:{HERE}:{ACCOUNT}:workgroup/w", "aws_athena_workgroup", "w"),
        (f"arn:aws:glue:{HERE}:{ACCOUNT}:database/d", "aws_glue_catalog_database", f"{ACCOUNT}:d"),
        (f"arn:aws:glue:{HERE}:{ACCOUNT}:table/d/t", "aws_glue_catalog_table", f"{ACCOUNT}:d:t"),
    ],
)
def test_what_the_role_may_ask_about_only_with_the_type_is_told_where_a_stack_may_hold_it(
    clients, answer, arn, type_, id_
):
    answer([arn])
    (told,) = tagged_in(clients, (HERE,), OURS, {type_})[HERE].value
    assert (told.type, told.id) == (type_, id_)
    (strange,) = tagged_in(clients, (HERE,), OURS, {"aws_route_table"})[HERE].value
    assert (strange.type, strange.id) == ("", arn)


@pytest.mark.parametrize(
    "arn",
    [
        f"arn:aws:ec2:{HERE}:{ACCOUNT}:natgateway/nat-1",
        f"arn:aws:ecs:{HERE}:{ACCOUNT}:service/c/s",
        f"arn:aws:ecs:{HERE}:{ACCOUNT}:task-definition/t:7",
        f"arn:aws:ec2:{HERE}:{ACCOUNT}:network-interface/eni-1",
        f"arn:aws:eks:{HERE}:{ACCOUNT}:nodegroup/c/n/1",
        f"arn:aws:rds:{HERE}:{ACCOUNT}:auto-backup:ab-1",
        f"arn:aws:rds:{HERE}:{ACCOUNT}:db:x",
        f"arn:aws:elasticloadbalancing:{HERE}:{ACCOUNT}:loadbalancer/app/x/1",
        f"arn:aws:wafv2:{HERE}:{ACCOUNT}:regional/webacl/w/1",
        "arn:aws:route53:::hostedzone/Z1",
    ],
)
def test_what_a_listing_answers_for_and_what_is_never_left(clients, answer, arn):
    answer([arn])
    assert arns(tagged_in(clients, (HERE,), OURS)) == []


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        ({"ResourceARN": QUEUE, "Tags": TAGS[:2]}, "without the tags that were asked for"),
        ({"ResourceARN": QUEUE}, "without the tags that were asked for"),
        ({"ResourceARN": "x; rm -rf ~", "Tags": TAGS}, "ResourceARN is no ARN"),
        ({"ResourceARN": "", "Tags": TAGS}, "ResourceARN is blank"),
        ({"Tags": TAGS}, "ResourceARN is missing"),
        (None, "ResourceARN is missing"),
    ],
)
def test_an_answer_of_no_use(clients, answer, item, reason):
    answer([item])
    found = tagged_in(clients, (HERE,), OURS)[HERE]
    assert isinstance(found, Unreadable)
    assert reason in found.reason


def test_malformed_answers(clients, answered_by, malformed):
    answered_by(clients, malformed)
    assert isinstance(tagged_in(clients, (HERE,), OURS)[HERE], Unreadable)


def test_a_refused_region_says_why(clients, answer, aws_error):
    answer(aws_error("AccessDeniedException", "not you"))
    found = tagged_in(clients, (FAR,), OURS)
    assert found == {FAR: Unreadable(f"GetResources in {FAR}: AccessDeniedException: not you")}


def test_a_ghost_answers_no_more_and_what_stands_does(aws):
    ec2 = aws.ec2(FAR)
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    stands = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    resources = [tagged("aws_route_table", id_) for id_ in (stands, "rtb-00000000")] + [tagged("", QUEUE)]
    assert list(asked_live(aws, resources, FAR).values()) == [Known(True), Known(False), Absent()]


def test_what_cannot_be_asked_is_unreadable(clients, answered_by, aws_error):
    answered_by(clients, aws_error("UnauthorizedOperation", "not you"))
    resource = tagged("aws_route_table", "rtb-1")
    (there,) = asked_live(clients, [resource], FAR).values()
    assert isinstance(there, Unreadable)
    assert "not you" in there.reason


def tagged(type_, id_):
    return TaggedResource(arn=f"arn:{id_}", region=FAR, type=type_, id=id_, there=Absent())


def test_every_listed_type_is_known_by_its_arn():
    """Whoever adds a listing says which ARNs it answers for: else its resources would be told twice."""
    assert {*LISTINGS, *ANSWERED_BY} - set(TYPES.values()) - set(NO_ARN_OF_THEIR_OWN) == set()
    assert not set(NO_ARN_OF_THEIR_OWN) & set(TYPES.values())


def test_every_known_arn_is_of_a_type_that_somebody_here_knows():
    known = {*LISTINGS, *ANSWERED_BY, *QUESTIONS}
    assert set(TYPES.values()) - known == set()
    assert set(PARTLY_LISTED) <= set(LISTINGS) & set(QUESTIONS)
    assert all(reason for reason in NEVER_LEFT.values())


def test_what_stacks_may_hold_can_be_told_from_what_is_beside_them(environment):
    """A state knows most by an id of its own: the ARN has to say type and id, or what stands rightly is called left."""
    allowed = {kind for kinds in load_policies(environment).allowed_types.stacks.values() for kind in kinds}
    of_aws = {kind for kind in allowed if kind.startswith("aws_")}
    parts = {kind for kind in of_aws if kind in BEARS_NO_TAGS or kind.startswith("aws_s3_bucket_")}
    assert of_aws - parts - set(TYPES.values()) == set()


@pytest.mark.parametrize("text", ["", "arn", "arn:aws:ec2:x", "arn:aws:ec2:eu-west-2:1:", "x:y:z:a:b:c"])
def test_what_is_no_arn(text):
    assert named_by(text) is None

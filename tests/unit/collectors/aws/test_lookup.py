"""Is it still there? One question per Terraform type, with Terraform's ids."""

import io
import zipfile
from zlib import crc32

import pytest
from botocore.exceptions import EndpointConnectionError

from tidegate.collectors.aws.lookup import GRANTED_WITH_THE_TYPE, QUESTIONS, missing, still_there
from tidegate.models.observed import Known, Unreadable
from tidegate.models.plan import PreserveItem
from tidegate.models.state import STATE_ONLY_TYPES, StateResource

HERE = "eu-west-2"
ACCOUNT = "123456789012"
TRUST = '{"Version": "2012-10-17", "Statement": []}'
RIGHTS = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*"}]}'

# One well-formed id per type, of something that nobody made.
UNKNOWN = {
    "aws_athena_workgroup": "none",
    "aws_budgets_budget": f"{ACCOUNT}:none",
    "aws_cloudwatch_log_group": "none",
    "aws_db_instance": "db-ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "aws_db_subnet_group": "none",
    "aws_default_security_group": "sg-00000000000000000",
    "aws_dynamodb_table": "none",
    "aws_ecs_cluster": f"arn:aws:ecs:{HERE}:{ACCOUNT}:cluster/none",
    "aws_ecs_service": f"arn:aws:ecs:{HERE}:{ACCOUNT}:service/none/none",
    "aws_ecs_task_definition": "none",
    "aws_eip": "eipalloc-00000000000000000",
    "aws_glue_catalog_database": f"{ACCOUNT}:none",
    "aws_glue_catalog_table": f"{ACCOUNT}:none:none",
    "aws_iam_openid_connect_provider": f"arn:aws:iam::{ACCOUNT}:oidc-provider/none.example",
    "aws_iam_role": "none",
    "aws_iam_policy": "arn:aws:iam::123456789012:policy/none",
    "aws_iam_role_policy": "none:none",
    "aws_iam_role_policy_attachment": "none-20261121220433957600000001",
    "aws_internet_gateway": "igw-00000000000000000",
    "aws_lambda_function": "none",
    "aws_lambda_function_url": "none",
    "aws_nat_gateway": "nat-00000000000000000",
    "aws_route": "r-rtb-000000000000000001080289494",
    "aws_route_table": "rtb-00000000000000000",
    "aws_route_table_association": "rtbassoc-00000000000000000",
    "aws_s3_bucket": "none",
    "aws_s3_bucket_lifecycle_configuration": "none",
    "aws_s3_bucket_object_lock_configuration": "none",
    "aws_s3_bucket_ownership_controls": "none",
    "aws_s3_bucket_policy": "none",
    "aws_s3_bucket_public_access_block": "none",
    "aws_s3_bucket_server_side_encryption_configuration": "none",
    "aws_s3_bucket_versioning": "none",
    "aws_scheduler_schedule": "none/none",
    "aws_scheduler_schedule_group": "none",
    "aws_security_group": "sg-00000000000000000",
    "aws_sns_topic": f"arn:aws:sns:{HERE}:{ACCOUNT}:none",
    "aws_sns_topic_policy": f"arn:aws:sns:{HERE}:{ACCOUNT}:none",
    "aws_sns_topic_subscription": f"arn:aws:sns:{HERE}:{ACCOUNT}:none:0",
    "aws_sqs_queue": f"https://sqs.{HERE}.amazonaws.com/{ACCOUNT}/none",
    "aws_ssm_parameter": "/none",
    "aws_subnet": "subnet-00000000000000000",
    "aws_vpc": "vpc-00000000000000000",
    "aws_vpc_endpoint": "vpce-00000000000000000",
    "aws_vpc_endpoint_route_table_association": "a-vpce-000000000000000001",
    "aws_vpc_security_group_egress_rule": "sgr-00000000000000000",
    "aws_vpc_security_group_ingress_rule": "sgr-00000000000000000",
}


def resource(kind, id):
    return StateResource(address=f"{kind}.this", type=kind, id=id)


def is_there(clients, kind, id):
    answer = still_there(clients, [resource(kind, id)])
    assert isinstance(answer, Known), answer
    return bool(answer.value)


def reason(clients, kind, id):
    answer = still_there(clients, [resource(kind, id)])
    assert isinstance(answer, Unreadable), answer
    return answer.reason


def reasons(clients):
    """Reason -> type, of all that cannot be asked."""
    answer = still_there(clients, [resource(kind, id) for kind, id in UNKNOWN.items()])
    assert isinstance(answer, Unreadable), answer
    return {given: given.removeprefix("looking for ").split()[0] for given in answer.reason.split("; ")}


class TestEveryType:
    def test_every_allowed_type_can_be_asked(self, policies):
        allowed = {kind for kinds in policies.allowed_types.stacks.values() for kind in kinds}
        of_confluent = {kind for kind in allowed if kind.startswith("confluent_")}  # asked in another collector
        assert sorted(allowed - of_confluent - STATE_ONLY_TYPES - set(QUESTIONS)) == []
        assert not STATE_ONLY_TYPES & set(QUESTIONS)
        assert set(UNKNOWN) == set(QUESTIONS)

    @pytest.mark.parametrize("kind", sorted(UNKNOWN))
    def test_what_nobody_made_is_gone(self, aws, kind):
        assert is_there(aws, kind, UNKNOWN[kind]) is False

    @pytest.mark.parametrize("kind", sorted(GRANTED_WITH_THE_TYPE))
    def test_what_is_asked_about_a_type_is_granted_with_it(self, clients, policies, kind):
        """No document of the role grants it, so an environment without such a stack is not asked."""
        asked = []

        def note(model, **_):
            asked.append(f"{model.service_model.signing_name}:{model.name}")
            raise EndpointConnectionError(endpoint_url="nowhere")

        clients.session.get_component("event_emitter").register_first("before-call", note)
        reason(clients, kind, UNKNOWN[kind])
        grants = policies.execution_role.grants[kind]
        assert set(asked) <= {action for grant in grants for action in grant.actions}
        assert asked

    @pytest.mark.parametrize("code", ["AccessDenied", "ThrottlingException"])
    def test_no_answer_is_not_gone(self, clients, answered_by, aws_error, code):
        answered_by(clients, aws_error(code, "not now"))
        assert reasons(clients) == {f"looking for {kind} {id}: {code}: not now": kind for kind, id in UNKNOWN.items()}

    def test_no_connection_is_not_gone(self, clients, answered_by, refused_connection):
        answered_by(clients, refused_connection)
        assert sorted(reasons(clients).values()) == sorted(UNKNOWN)

    def test_a_malformed_answer_says_neither(self, clients, answered_by, malformed):
        answered_by(clients, malformed)
        kinds = set(UNKNOWN) - SHOWN_BY_THE_ANSWER_ITSELF
        if getattr(malformed, "value", None):
            kinds -= SHOWN_BY_ANY_VALUE
        assert set(reasons(clients).values()) >= kinds

    def test_another_type_is_unreadable(self, aws):
        assert "nobody knows how to ask" in reason(aws, "aws_brand_new", "x")

    def test_no_id_is_unreadable(self, aws):
        assert reason(aws, "aws_vpc", "") == "aws_vpc: it has no id"

    @pytest.mark.parametrize(
        ("kind", "id"),
        [
            ("aws_budgets_budget", "no-account"),
            ("aws_iam_role_policy", "no-policy:"),
            ("aws_iam_role_policy_attachment", "nothing"),
            ("aws_route", "rtb-0"),
            ("aws_vpc_endpoint_route_table_association", "a-vpce-0"),
            ("aws_ecs_service", "name"),
            ("aws_glue_catalog_database", "name"),
            ("aws_glue_catalog_table", "catalog:name"),
            ("aws_scheduler_schedule", "name"),
        ],
    )
    def test_an_id_of_another_form_is_unreadable(self, aws, kind, id):
        assert "the id in the state" in reason(aws, kind, id)


# HeadBucket has no body, and GetBucketVersioning of a bucket that never had versions is empty.
SHOWN_BY_THE_ANSWER_ITSELF = frozenset({"aws_s3_bucket", "aws_s3_bucket_versioning"})

# One field of the answer counts, and something is in it.
SHOWN_BY_ANY_VALUE = frozenset(
    {
        "aws_db_subnet_group",
        "aws_dynamodb_table",
        "aws_iam_openid_connect_provider",
        "aws_iam_role",
        "aws_iam_role_policy",
        "aws_s3_bucket_lifecycle_configuration",
        "aws_s3_bucket_object_lock_configuration",
        "aws_s3_bucket_ownership_controls",
        "aws_s3_bucket_policy",
        "aws_s3_bucket_public_access_block",
        "aws_s3_bucket_server_side_encryption_configuration",
        "aws_sns_topic",
        "aws_sns_topic_policy",
        "aws_sns_topic_subscription",
    }
)


class TestSets:
    def test_still_there_keeps_the_order_and_the_addresses(self, aws):
        aws.dynamodb.create_table(
            TableName="table",
            KeySchema=[{"AttributeName": "a", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "a", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        asked = [
            resource("aws_vpc", UNKNOWN["aws_vpc"]),
            resource("aws_dynamodb_table", "table"),
            resource("aws_dynamodb_table", "none"),
        ]
        assert still_there(aws, asked) == Known((asked[1],))

    def test_missing_is_the_other_half(self, aws):
        aws.s3.create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": HERE})
        items = [PreserveItem(type="aws_s3_bucket", id=name, reason="state") for name in ("bucket", "none")]
        assert missing(aws, items) == Known((items[1],))

    def test_nothing_to_ask(self, aws):
        assert still_there(aws, []) == Known(())
        assert missing(aws, []) == Known(())

    def test_one_that_cannot_be_asked_makes_all_unreadable(self, aws, script, aws_error):
        script(aws.s3)("HeadBucket", aws_error("403", "Forbidden"))
        items = [PreserveItem(type="aws_s3_bucket", id=name, reason="state") for name in ("a", "b")]
        items.append(PreserveItem(type="aws_dynamodb_table", id="none", reason="locks"))
        assert missing(aws, items) == Unreadable(
            "looking for aws_s3_bucket a: 403: Forbidden; looking for aws_s3_bucket b: 403: Forbidden"
        )

    def test_a_resource_is_asked_once(self, aws, script, let_through):
        scripted = script(aws.s3)("HeadBucket", let_through)
        still_there(aws, [resource("aws_s3_bucket", "none")] * 3)
        assert len(scripted.asked) == 1


class TestThere:
    """Made in moto, asked, removed, asked again."""

    def test_a_network(self, aws):
        ec2 = aws.ec2(HERE)
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        (default,) = ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["SecurityGroups"]
        subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
        gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
        table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
        ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
        association = ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)["AssociationId"]
        group = ec2.create_security_group(GroupName="g", Description="g", VpcId=vpc)["GroupId"]
        permission = {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, "IpRanges": [{"CidrIp": "10.0.0.0/16"}]}
        rule = ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission])["SecurityGroupRules"][0][
            "SecurityGroupRuleId"
        ]
        endpoint = ec2.create_vpc_endpoint(
            VpcId=vpc, ServiceName=f"com.amazonaws.{HERE}.s3", VpcEndpointType="Gateway", RouteTableIds=[table]
        )["VpcEndpoint"]["VpcEndpointId"]
        made = {
            "aws_vpc": vpc,
            "aws_default_security_group": default["GroupId"],
            "aws_subnet": subnet,
            "aws_internet_gateway": gateway,
            "aws_route_table": table,
            "aws_route": f"r-{table}{crc32(b'0.0.0.0/0')}",
            "aws_route_table_association": association,
            "aws_security_group": group,
            "aws_vpc_security_group_ingress_rule": rule,
            "aws_vpc_endpoint": endpoint,
            "aws_vpc_endpoint_route_table_association": f"a-{endpoint}{crc32(table.encode())}",
        }
        assert {kind: is_there(aws, kind, id) for kind, id in made.items()} == dict.fromkeys(made, True)
        assert not is_there(aws, "aws_route", f"r-{table}{crc32(b'10.9.0.0/16')}")
        assert not is_there(aws, "aws_vpc_endpoint_route_table_association", f"a-{endpoint}{crc32(b'rtb-0')}")

        ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint])
        ec2.revoke_security_group_ingress(GroupId=group, SecurityGroupRuleIds=[rule])
        ec2.delete_security_group(GroupId=group)
        ec2.delete_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0")
        ec2.disassociate_route_table(AssociationId=association)
        assert not is_there(aws, "aws_route", made["aws_route"])
        ec2.delete_route_table(RouteTableId=table)
        ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
        ec2.delete_internet_gateway(InternetGatewayId=gateway)
        ec2.delete_subnet(SubnetId=subnet)
        ec2.delete_vpc(VpcId=vpc)
        assert {kind: is_there(aws, kind, id) for kind, id in made.items()} == dict.fromkeys(made, False)

    def test_what_is_being_deleted_is_still_there(self, clients, script):
        states = ("deleting", "deleted")
        scripted = script(clients.ec2(HERE))
        scripted(
            "DescribeNatGateways", *({"NatGateways": [{"NatGatewayId": "nat-0", "State": state}]} for state in states)
        )
        scripted(
            "DescribeVpcEndpoints",
            *({"VpcEndpoints": [{"VpcEndpointId": "vpce-0", "State": state.capitalize()}]} for state in states),
        )
        for there in (True, False):
            assert is_there(clients, "aws_nat_gateway", "nat-0") is there
            assert is_there(clients, "aws_vpc_endpoint", "vpce-0") is there

    def test_containers(self, aws):
        ecs = aws.ecs(HERE)
        cluster = ecs.create_cluster(clusterName="c")["cluster"]["clusterArn"]
        for family in ("f", "f-longer"):
            ecs.register_task_definition(family=family, containerDefinitions=[{"name": "m", "image": "i", "memory": 9}])
        service = ecs.create_service(cluster="c", serviceName="s", taskDefinition="f", desiredCount=0)["service"][
            "serviceArn"
        ]
        made = {"aws_ecs_cluster": cluster, "aws_ecs_service": service, "aws_ecs_task_definition": "f"}
        assert {kind: is_there(aws, kind, id) for kind, id in made.items()} == dict.fromkeys(made, True)
        ecs.delete_service(cluster="c", service="s")
        assert not is_there(aws, "aws_ecs_service", service)
        ecs.deregister_task_definition(taskDefinition="f:1")
        ecs.delete_cluster(cluster="c")
        assert {kind: is_there(aws, kind, id) for kind, id in made.items()} == dict.fromkeys(made, False)

    @pytest.mark.parametrize(("status", "there"), [("ACTIVE", True), ("DRAINING", True), ("INACTIVE", False)])
    def test_states_of_ecs(self, clients, script, status, there):
        scripted = script(clients.ecs(HERE))
        scripted("DescribeServices", {"services": [{"status": status}], "failures": []})
        scripted("DescribeClusters", {"clusters": [{"status": status}]})
        assert is_there(clients, "aws_ecs_service", UNKNOWN["aws_ecs_service"]) is there
        assert is_there(clients, "aws_ecs_cluster", UNKNOWN["aws_ecs_cluster"]) is there

    def test_a_failure_of_ecs_is_not_gone(self, clients, script):
        script(clients.ecs(HERE))("DescribeClusters", {"clusters": [], "failures": [{"reason": "INTERNAL"}]})
        assert "INTERNAL" in reason(clients, "aws_ecs_cluster", UNKNOWN["aws_ecs_cluster"])

    def test_a_database(self, aws):
        rds, ec2 = aws.rds(HERE), aws.ec2(HERE)
        database = rds.create_db_instance(
            DBInstanceIdentifier="db-main",
            DBInstanceClass="db.t4g.micro",
            Engine="postgres",
            MasterUsername="u",
            MasterUserPassword="x" * 12,
            AllocatedStorage=20,
        )["DBInstance"]
        subnets = [each["SubnetId"] for each in ec2.describe_subnets()["Subnets"]]
        rds.create_db_subnet_group(DBSubnetGroupName="g", DBSubnetGroupDescription="g", SubnetIds=subnets)
        assert is_there(aws, "aws_db_instance", database["DbiResourceId"])
        assert is_there(aws, "aws_db_instance", "db-main")
        assert is_there(aws, "aws_db_subnet_group", "g")
        rds.delete_db_instance(DBInstanceIdentifier="db-main", SkipFinalSnapshot=True)
        rds.delete_db_subnet_group(DBSubnetGroupName="g")
        assert not is_there(aws, "aws_db_instance", database["DbiResourceId"])
        assert not is_there(aws, "aws_db_instance", "db-main")
        assert not is_there(aws, "aws_db_subnet_group", "g")

    def test_functions_and_their_addresses(self, aws):
        iam, functions = aws.iam, aws.of("lambda")
        role = iam.create_role(RoleName="role-x", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
        package = io.BytesIO()
        with zipfile.ZipFile(package, "w") as file:
            file.writestr("a.py", "")
        functions.create_function(
            FunctionName="f", Role=role, Runtime="python3.13", Handler="a.b", Code={"ZipFile": package.getvalue()}
        )
        assert is_there(aws, "aws_lambda_function", "f")
        assert not is_there(aws, "aws_lambda_function_url", "f"), "a function without an address"
        functions.create_function_url_config(FunctionName="f", AuthType="AWS_IAM")
        assert is_there(aws, "aws_lambda_function_url", "f")
        functions.delete_function_url_config(FunctionName="f")
        functions.delete_function(FunctionName="f")
        assert not is_there(aws, "aws_lambda_function", "f")
        assert not is_there(aws, "aws_lambda_function_url", "f")

    def test_queues_and_schedules(self, aws):
        queue = aws.of("sqs").create_queue(QueueName="q")["QueueUrl"]
        scheduler = aws.of("scheduler")
        scheduler.create_schedule_group(Name="g")
        target = {"Arn": f"arn:aws:sqs:{HERE}:{ACCOUNT}:q", "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/role-x"}
        scheduler.create_schedule(
            GroupName="g",
            Name="s",
            ScheduleExpression="rate(1 day)",
            FlexibleTimeWindow={"Mode": "OFF"},
            Target=target,
        )
        made = {
            "aws_sqs_queue": queue,
            "aws_scheduler_schedule_group": "g",
            "aws_scheduler_schedule": "g/s",
        }
        assert {kind: is_there(aws, kind, id) for kind, id in made.items()} == dict.fromkeys(made, True)
        assert not is_there(aws, "aws_scheduler_schedule", "g/other")
        scheduler.delete_schedule(GroupName="g", Name="s")
        scheduler.delete_schedule_group(Name="g")
        aws.of("sqs").delete_queue(QueueUrl=queue)
        assert {kind: is_there(aws, kind, id) for kind, id in made.items()} == dict.fromkeys(made, False)

    def test_the_catalog_of_a_lake(self, aws):
        glue, athena = aws.of("glue"), aws.of("athena")
        glue.create_database(DatabaseInput={"Name": "d"})
        glue.create_table(DatabaseName="d", TableInput={"Name": "t"})
        athena.create_work_group(Name="w")
        made = {
            "aws_glue_catalog_database": f"{ACCOUNT}:d",
            "aws_glue_catalog_table": f"{ACCOUNT}:d:t",
            "aws_athena_workgroup": "w",
        }
        assert {kind: is_there(aws, kind, id) for kind, id in made.items()} == dict.fromkeys(made, True)
        glue.delete_table(DatabaseName="d", Name="t")
        assert not is_there(aws, "aws_glue_catalog_table", f"{ACCOUNT}:d:t")
        glue.delete_database(Name="d")
        athena.delete_work_group(WorkGroup="w")
        assert {kind: is_there(aws, kind, id) for kind, id in made.items()} == dict.fromkeys(made, False)

    @pytest.mark.parametrize(
        ("kind", "operation", "answer"),
        [
            ("aws_lambda_function", "GetFunctionConfiguration", {"FunctionName": "none-other"}),
            ("aws_lambda_function_url", "GetFunctionUrlConfig", {"FunctionArn": "arn:x:function:other-none"}),
            ("aws_scheduler_schedule", "GetSchedule", {"Name": "other"}),
            ("aws_sqs_queue", "GetQueueAttributes", {"Attributes": {"QueueArn": "arn:aws:sqs:x:1:none2"}}),
            ("aws_glue_catalog_table", "GetTable", {"Table": {"Name": "other"}}),
        ],
    )
    def test_an_answer_about_something_else_is_no_use(self, clients, script, kind, operation, answer):
        service = {"GetFunctionConfiguration": "lambda", "GetFunctionUrlConfig": "lambda", "GetTable": "glue"}
        of = service.get(operation) or {"GetSchedule": "scheduler", "GetQueueAttributes": "sqs"}[operation]
        script(clients.of(of))(operation, answer)
        assert "names something else" in reason(clients, kind, UNKNOWN[kind])

    @pytest.mark.parametrize(
        ("message", "there"), [("WorkGroup none is not found.", False), ("WorkGroup is not specified", None)]
    )
    def test_only_the_text_of_athena_tells_a_missing_workgroup(self, clients, script, aws_error, message, there):
        script(clients.of("athena"))("GetWorkGroup", aws_error("InvalidRequestException", message))
        if there is None:
            assert "InvalidRequestException" in reason(clients, "aws_athena_workgroup", "none")
        else:
            assert is_there(clients, "aws_athena_workgroup", "none") is there

    def test_identity(self, aws):
        iam = aws.iam
        iam.create_role(RoleName="role-x", AssumeRolePolicyDocument=TRUST)
        iam.put_role_policy(RoleName="role-x", PolicyName="inline", PolicyDocument=RIGHTS)
        policy = iam.create_policy(PolicyName="p", PolicyDocument=RIGHTS)["Policy"]["Arn"]
        iam.attach_role_policy(RoleName="role-x", PolicyArn=policy)
        provider = iam.create_open_id_connect_provider(Url="https://o.example", ThumbprintList=["0" * 40])
        suffixed, explicit = "role-x-20261121220433957600000001", f"role-x-{policy}"
        made = [
            ("aws_iam_role", "role-x"),
            ("aws_iam_policy", policy),
            ("aws_iam_role_policy", "role-x:inline"),
            ("aws_iam_role_policy_attachment", suffixed),
            ("aws_iam_role_policy_attachment", explicit),
            ("aws_iam_role_policy_attachment", f"role-x/{policy}"),
            ("aws_iam_openid_connect_provider", provider["OpenIDConnectProviderArn"]),
        ]
        assert [is_there(aws, kind, id) for kind, id in made] == [True] * 7
        assert not is_there(aws, "aws_iam_role_policy_attachment", f"{explicit}-other")
        iam.detach_role_policy(RoleName="role-x", PolicyArn=policy)
        assert not is_there(aws, "aws_iam_role_policy_attachment", suffixed)
        iam.delete_policy(PolicyArn=policy)
        iam.delete_role_policy(RoleName="role-x", PolicyName="inline")
        iam.delete_role(RoleName="role-x")
        iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=provider["OpenIDConnectProviderArn"])
        assert [is_there(aws, kind, id) for kind, id in made] == [False] * 7

    def test_topics_parameters_logs_budgets(self, aws):
        topic = aws.sns.create_topic(Name="t")["TopicArn"]
        subscription = aws.sns.subscribe(
            TopicArn=topic, Protocol="email", Endpoint="a@example.com", ReturnSubscriptionArn=True
        )["SubscriptionArn"]
        for name in ("/a", "/a/b"):
            aws.ssm.put_parameter(Name=name, Type="String", Value="v")
        logs = aws.of("logs")
        for name in ("l", "l-longer"):
            logs.create_log_group(logGroupName=name)
        budget = {
            "BudgetName": "b",
            "BudgetType": "COST",
            "TimeUnit": "MONTHLY",
            "BudgetLimit": {"Amount": "30", "Unit": "USD"},
        }
        aws.budgets.create_budget(AccountId=ACCOUNT, Budget=budget)
        made = {
            "aws_sns_topic": topic,
            "aws_sns_topic_policy": topic,
            "aws_sns_topic_subscription": subscription,
            "aws_ssm_parameter": "/a",
            "aws_cloudwatch_log_group": "l",
            "aws_budgets_budget": f"{ACCOUNT}:b",
        }
        assert {kind: is_there(aws, kind, id) for kind, id in made.items()} == dict.fromkeys(made, True)
        aws.sns.unsubscribe(SubscriptionArn=subscription)
        aws.sns.delete_topic(TopicArn=topic)
        aws.ssm.delete_parameter(Name="/a")
        logs.delete_log_group(logGroupName="l")
        aws.budgets.delete_budget(AccountId=ACCOUNT, BudgetName="b")
        assert {kind: is_there(aws, kind, id) for kind, id in made.items()} == dict.fromkeys(made, False)

    def test_a_bucket_and_its_settings(self, aws):
        s3 = aws.s3
        s3.create_bucket(
            Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": HERE}, ObjectLockEnabledForBucket=True
        )
        settings = [kind for kind in UNKNOWN if kind.startswith("aws_s3_bucket_")]
        assert is_there(aws, "aws_s3_bucket", "bucket")
        # Object Lock brings versioning with it, and ownership is set by default.
        assert {kind for kind in settings if is_there(aws, kind, "bucket")} >= {
            "aws_s3_bucket_object_lock_configuration",
            "aws_s3_bucket_versioning",
        }
        s3.put_bucket_policy(Bucket="bucket", Policy=TRUST.replace("[]", STATEMENT))
        s3.put_bucket_ownership_controls(
            Bucket="bucket", OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
        )
        s3.put_public_access_block(Bucket="bucket", PublicAccessBlockConfiguration={"BlockPublicAcls": True})
        rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
        s3.put_bucket_encryption(Bucket="bucket", ServerSideEncryptionConfiguration={"Rules": [rule]})
        expiry = {"ID": "e", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 1}}
        s3.put_bucket_lifecycle_configuration(Bucket="bucket", LifecycleConfiguration={"Rules": [expiry]})
        assert {kind: is_there(aws, kind, "bucket") for kind in settings} == dict.fromkeys(settings, True)


STATEMENT = '[{"Effect": "Deny", "Principal": "*", "Action": "s3:DeleteBucket", "Resource": "arn:aws:s3:::bucket"}]'


class TestSecondPages:
    def test_the_one_that_is_looked_for_is_on_the_second(self, clients, script):
        script(clients.of("ssm"))(
            "DescribeParameters", {"Parameters": [], "NextToken": "t"}, {"Parameters": [{"Name": "/a"}]}
        )
        script(clients.of("logs"))(
            "DescribeLogGroups",
            {"logGroups": [{"logGroupName": "l-longer"}], "nextToken": "t"},
            {"logGroups": [{"logGroupName": "l"}]},
        )
        script(clients.ec2(HERE))(
            "DescribeSubnets", {"Subnets": [], "NextToken": "t"}, {"Subnets": [{"SubnetId": "s", "State": "available"}]}
        )
        script(clients.rds(HERE))(
            "DescribeDBInstances", {"DBInstances": [], "Marker": "m"}, {"DBInstances": [{"DBInstanceIdentifier": "d"}]}
        )
        script(clients.ecs(HERE))(
            "ListTaskDefinitions",
            {"taskDefinitionArns": ["x/f-longer:1"], "nextToken": "t"},
            {"taskDefinitionArns": ["x/f:1"]},
        )
        script(clients.iam)(
            "ListAttachedRolePolicies",
            {"AttachedPolicies": [], "IsTruncated": True, "Marker": "m"},
            {"AttachedPolicies": [{"PolicyArn": "arn:p"}], "IsTruncated": False},
        )
        for kind, id in {
            "aws_ssm_parameter": "/a",
            "aws_cloudwatch_log_group": "l",
            "aws_subnet": "subnet-0",
            "aws_db_instance": "d",
            "aws_ecs_task_definition": "f",
            "aws_iam_role_policy_attachment": "role-arn:p",
        }.items():
            assert is_there(clients, kind, id), kind


class TestParametersTogether:
    """SSM answers few of these calls a second: one for each of eleven parameters were throttled (TD4)."""

    NAMES = tuple(f"/fraud-platform/dev_min/demo/p{number:02}" for number in range(60))

    def _resources(self, *names):
        kind = "aws_ssm_parameter"
        return [StateResource(address=f"{kind}.p[{number}]", type=kind, id=name) for number, name in enumerate(names)]

    def test_a_few_pages_for_all_that_lie_beside_each_other(self, aws, script, let_through):
        for name in (*self.NAMES, "/fraud-platform/dev_min/core/topic", "alone"):
            aws.ssm.put_parameter(Name=name, Value="v", Type="String")
        asked = script(aws.ssm)("DescribeParameters", let_through).asked
        gone = "/fraud-platform/dev_min/demo/gone"
        resources = self._resources(*self.NAMES, "/fraud-platform/dev_min/core/topic", "alone", gone, "unknown")
        found = still_there(aws, resources)
        assert isinstance(found, Known)
        assert {it.id for it in resources} - {it.id for it in found.value} == {gone, "unknown"}
        # /demo, /core, and the two names outside any path; what follows are further pages of /demo.
        assert len([given for _, given in asked if "NextToken" not in given]) == 4
        assert {given["MaxResults"] for _, given in asked} == {50}
        assert len(asked) <= 10

    def test_a_throttled_look_is_transient_and_a_refused_one_beside_it_is_not(self, aws, script, aws_error):
        script(aws.ssm)("DescribeParameters", aws_error("ThrottlingException", "Rate exceeded"))
        found = still_there(aws, self._resources(*self.NAMES))
        assert isinstance(found, Unreadable)
        assert found.transient
        assert "60 of them, the first /fraud-platform/dev_min/demo/p00" in found.reason
        script(aws.of("logs"))("DescribeLogGroups", aws_error("AccessDenied", "no"))
        group = StateResource(address="aws_cloudwatch_log_group.a", type="aws_cloudwatch_log_group", id="a")
        both = still_there(aws, [*self._resources(*self.NAMES), group])
        assert isinstance(both, Unreadable)
        assert not both.transient
        assert {"AccessDenied", "ThrottlingException"} <= set(both.reason.replace(":", "").split())

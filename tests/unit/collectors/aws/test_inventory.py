"""What is really there, by type and region."""

from datetime import UTC, datetime

import pytest

from factories_world import ALL_FREE as FREE
from tidegate.collectors.aws.inventory import ANSWERED_BY, LISTINGS, PLAN_ONLY, collect_inventory
from tidegate.collectors.aws.inventory.listing import Scan
from tidegate.collectors.aws.reading import MalformedAnswer
from tidegate.models.observed import Known, Unreadable
from tidegate.models.policy import Condition, ForbiddenPolicy, ForbiddenRule

NOW = datetime(2026, 2, 13, 20, 14, 27, tzinfo=UTC)
HERE = "eu-west-2"
ZONE = "eu-west-2a"


@pytest.fixture
def scan(environment, policies):
    """Scan one region."""

    def run(clients, forbidden=None, regions=(HERE,), prices=None):
        return collect_inventory(clients, environment, regions, forbidden or policies.forbidden, NOW, prices or FREE)

    return run


@pytest.fixture
def listed(environment):
    """What a listing finds in the home region."""

    def run(clients, resource_type):
        return list(LISTINGS[resource_type].read(Scan(clients, HERE, environment)))

    return run


def found(inventory, resource_type):
    return [resource for resource in inventory.resources if resource.type == resource_type]


def tags(**values):
    return [{"Key": key, "Value": value} for key, value in values.items()]


MARKS = [{"Key": "project", "Value": "fraud-platform"}, {"Key": "environment", "Value": "dev_min"}]
OURS = {"project": "fraud-platform", "environment": "dev_min", "lifecycle": "ephemeral"}


class TestCoverage:
    def test_an_empty_account_is_covered_completely(self, aws, scan):
        inventory = scan(aws, regions=(HERE, "us-east-1"))
        assert [resource for resource in inventory.resources if resource.type != "aws_ebs_volume"] == []
        assert {entry.status for entry in inventory.coverage} == {"read"}, [
            entry for entry in inventory.coverage if entry.status != "read"
        ]
        expected = [f"{kind}@{region}" for region in (HERE, "us-east-1") for kind in LISTINGS]
        assert list(inventory.expected_coverage) == expected
        assert [entry.subject for entry in inventory.coverage] == expected

    def test_a_scan_says_what_it_does_not_look_at(self, aws, scan):
        """Regions come from the botocore that is installed; no call is made for it."""
        said = {each.subject: each.reason for each in scan(aws, regions=(HERE, "us-east-1")).not_scanned}
        assert {f"{kind}@*" for kind in PLAN_ONLY} == {it for it in said if it.endswith("@*")}
        elsewhere = {subject for subject in said if subject.startswith("*@")}
        assert {"*@ap-southeast-2", "*@eu-west-1"} <= elsewhere
        assert not {f"*@{HERE}", "*@us-east-1"} & elsewhere
        assert all(said.values())

    def test_a_region_without_a_service_is_named_and_not_asked(self, aws, scan):
        """No address answers there: a subject that nobody can read would close every proof."""
        inventory = scan(aws, regions=(HERE, "us-west-1"))
        absent = {"aws_apprunner_service@us-west-1"} | {
            f"aws_lightsail_{kind}@us-west-1" for kind in ("instance", "database", "lb", "container_service")
        }
        said = {each.subject: each.reason for each in inventory.not_scanned}
        assert {it for it in said if it.endswith("@us-west-1")} == absent
        assert "apprunner is not offered" in said["aws_apprunner_service@us-west-1"]
        assert not absent & set(inventory.expected_coverage)
        assert {entry.status for entry in inventory.coverage} == {"read"}
        assert f"aws_apprunner_service@{HERE}" in inventory.expected_coverage

    def test_a_region_that_botocore_does_not_know_is_asked(self, clients, scan, answered_by, refused_connection):
        """New regions come faster than versions of botocore: what nobody can tell stays a subject."""
        answered_by(clients, refused_connection)
        inventory = scan(clients, regions=("eu-west-9",))
        said = {entry.subject: entry.status for entry in inventory.coverage}
        assert said["aws_lightsail_instance@eu-west-9"] == said["aws_apprunner_service@eu-west-9"] == "unreadable"

    def test_a_region_is_scanned_once(self, aws, scan):
        assert scan(aws, regions=(HERE, HERE)).expected_coverage == tuple(f"{kind}@{HERE}" for kind in LISTINGS)

    def test_every_forbidden_type_is_looked_for(self, policies):
        forbidden = {kind for rule in policies.forbidden.rules for kind in rule.types}
        assert forbidden <= {*LISTINGS, *ANSWERED_BY, *PLAN_ONLY}
        assert set(ANSWERED_BY.values()) <= set(LISTINGS)
        assert not set(LISTINGS) & {*ANSWERED_BY, *PLAN_ONLY}

    def test_a_forbidden_type_that_nobody_looks_for_is_a_gap(self, aws, scan):
        rule = ForbiddenRule(id="NEW", types=("aws_brand_new",), reason="it costs")
        inventory = scan(aws, ForbiddenPolicy(version=1, rules=(rule,)))
        assert f"aws_brand_new@{HERE}" in inventory.expected_coverage
        (gap,) = [entry for entry in inventory.coverage if entry.status == "unreadable"]
        assert gap.subject == f"aws_brand_new@{HERE}"
        assert "no live scan knows this type" in gap.reason

    def test_one_unreadable_subject_spoils_only_itself(self, aws, scan, script, aws_error):
        script(aws.of("eks", HERE))("ListClusters", aws_error("AccessDeniedException", "not you"))
        gaps = [entry for entry in scan(aws).coverage if entry.status == "unreadable"]
        assert [(gap.subject, gap.reason) for gap in gaps] == [
            (f"aws_eks_cluster@{HERE}", f"scan of aws_eks_cluster in {HERE}: AccessDeniedException: not you")
        ]

    def test_only_a_throttled_subject_may_be_asked_again(self, aws, scan, script, aws_error):
        script(aws.ec2(HERE))("DescribeNatGateways", aws_error("RequestLimitExceeded"))
        script(aws.ec2(HERE))("DescribeVpcs", aws_error("UnauthorizedOperation"))
        gaps = {it.subject: it.transient for it in scan(aws).coverage if it.status == "unreadable"}
        assert gaps == {f"aws_nat_gateway@{HERE}": True, f"aws_vpc@{HERE}": False}

    @pytest.mark.parametrize("code", ["AccessDenied", "ThrottlingException"])
    def test_a_refused_account_has_no_all_clear(self, clients, scan, answered_by, aws_error, code):
        answered_by(clients, aws_error(code))
        inventory = scan(clients)
        assert inventory.resources == ()
        assert {entry.status for entry in inventory.coverage} == {"unreadable"}
        assert all(code in entry.reason for entry in inventory.coverage)

    def test_an_endpoint_out_of_reach(self, clients, scan, answered_by, refused_connection):
        answered_by(clients, refused_connection)
        assert {entry.status for entry in scan(clients).coverage} == {"unreadable"}

    def test_malformed_answers_are_not_empty_accounts(self, clients, scan, answered_by, malformed):
        answered_by(clients, malformed)
        readable = [entry.subject for entry in scan(clients).coverage if entry.status == "read"]
        assert readable == []


class TestSecondPages:
    """Each listing reads on until there is no further page."""

    @pytest.mark.parametrize(
        ("kind", "service", "operation", "pages", "ids"),
        [
            (
                "aws_nat_gateway",
                "ec2",
                "DescribeNatGateways",
                [
                    {"NatGateways": [{"NatGatewayId": "n1", "State": "available"}], "NextToken": "t"},
                    {"NatGateways": [{"NatGatewayId": "n2", "State": "deleting"}]},
                ],
                ["n1", "n2"],
            ),
            (
                "aws_instance",
                "ec2",
                "DescribeInstances",
                [
                    {"Reservations": [{"Instances": [{"InstanceId": "i1", "State": {"Name": "x"}}]}], "NextToken": "t"},
                    {"Reservations": [{"Instances": [{"InstanceId": "i2", "State": {"Name": "y"}}]}]},
                ],
                ["i1", "i2"],
            ),
            (
                "aws_security_group",
                "ec2",
                "DescribeSecurityGroups",
                [
                    {"SecurityGroups": [{"GroupId": "a", "Tags": MARKS}], "NextToken": "t"},
                    {"SecurityGroups": [{"GroupId": "b", "Tags": MARKS}]},
                ],
                ["a", "b"],
            ),
            (
                "aws_db_instance",
                "rds",
                "DescribeDBInstances",
                [
                    {"DBInstances": [{"DBInstanceIdentifier": "a", "DBInstanceStatus": "x"}], "Marker": "m"},
                    {"DBInstances": [{"DBInstanceIdentifier": "b", "DBInstanceStatus": "x"}]},
                ],
                ["a", "b"],
            ),
            (
                "aws_autoscaling_group",
                "autoscaling",
                "DescribeAutoScalingGroups",
                [
                    {"AutoScalingGroups": [{"AutoScalingGroupName": "a"}], "NextToken": "t"},
                    {"AutoScalingGroups": [{"AutoScalingGroupName": "b", "Status": "Delete in progress"}]},
                ],
                ["a", "b"],
            ),
            (
                "aws_msk_cluster",
                "kafka",
                "ListClustersV2",
                [
                    {"ClusterInfoList": [{"ClusterArn": "a", "State": "ACTIVE"}], "NextToken": "t"},
                    {"ClusterInfoList": [{"ClusterArn": "b", "State": "ACTIVE", "Tags": {"x": "y"}}]},
                ],
                ["a", "b"],
            ),
            (
                "aws_networkfirewall_firewall",
                "network-firewall",
                "ListFirewalls",
                [{"Firewalls": [{"FirewallArn": "a"}], "NextToken": "t"}, {"Firewalls": [{"FirewallArn": "b"}]}],
                ["a", "b"],
            ),
        ],
    )
    def test_of_one_call(self, clients, script, listed, kind, service, operation, pages, ids):
        scripted = script(clients.of(service, HERE))(operation, *pages)
        assert [each.id for each in listed(clients, kind)] == ids
        assert len(scripted.asked) == 2
        assert {"t", "m"} & set(map(str, scripted.asked[1][1].values()))

    def test_of_load_balancers_and_their_tags(self, clients, script, listed):
        def page(names, **more):
            return {"LoadBalancers": [{"LoadBalancerArn": n, "State": {"Code": "active"}} for n in names], **more}

        first, second = [f"a{n}" for n in range(15)], [f"b{n}" for n in range(15)]
        scripted = script(clients.elbv2(HERE))
        scripted("DescribeLoadBalancers", page(first, NextMarker="m"), page(second))
        scripted(
            "DescribeTags", {"TagDescriptions": []}, {"TagDescriptions": [{"ResourceArn": "b14", "Tags": tags(a="b")}]}
        )
        seen = listed(clients, "aws_lb")
        assert [each.id for each in seen] == [*first, *second]
        assert (seen[0].tags, seen[-1].tags) == ({}, {"a": "b"})
        assert [len(p["ResourceArns"]) for operation, p in scripted.asked if operation == "DescribeTags"] == [20, 10]

    def test_of_clusters_and_services(self, clients, script, listed):
        def service(name, **more):
            return {"serviceName": name, "status": "ACTIVE", **more}

        scripted = script(clients.ecs(HERE))
        scripted("ListClusters", {"clusterArns": ["arn:x/c1"], "nextToken": "t"}, {"clusterArns": ["arn:x/c2"]})
        scripted(
            "ListServices",
            {"serviceArns": [f"s{n}" for n in range(10)], "nextToken": "t"},
            {"serviceArns": ["s10"]},
            {"serviceArns": []},
        )
        scripted(
            "DescribeServices",
            {"services": [*(service(f"s{n}") for n in range(9)), service("gone", status="INACTIVE")]},
            {"services": [service("s10", status="DRAINING")]},
        )
        seen = [(each.id, each.status) for each in listed(clients, "aws_ecs_service")]
        assert seen == [*((f"c1/s{n}", "ACTIVE") for n in range(9)), ("c1/s10", "DRAINING")]
        described = [parameters for operation, parameters in scripted.asked if operation == "DescribeServices"]
        assert [len(parameters["services"]) for parameters in described] == [10, 1]

    def test_of_names_that_are_described_one_by_one(self, clients, script, listed):
        scripted = script(clients.of("eks", HERE))
        scripted("ListClusters", {"clusters": ["a"], "nextToken": "t"}, {"clusters": ["b"]})
        scripted("DescribeCluster", {"cluster": {"status": "ACTIVE", "tags": {"x": "y"}}})
        assert [(each.id, each.tags) for each in listed(clients, "aws_eks_cluster")] == [
            ("a", {"x": "y"}),
            ("b", {"x": "y"}),
        ]

    def test_of_log_groups_and_parameters(self, clients, script, listed, environment):
        name = environment.dashed
        logs = script(clients.of("logs", HERE))
        logs(
            "DescribeLogGroups",
            {"logGroups": [{"logGroupName": f"{name}-x", "arn": "a:*"}], "nextToken": "t"},
            {"logGroups": [{"logGroupName": f"/aws/rds/instance/{name}-y/postgresql", "arn": "b"}]},
        )
        logs("ListTagsForResource", {"tags": {}})
        assert len(listed(clients, "aws_cloudwatch_log_group")) == 2
        assert [p["resourceArn"] for operation, p in logs.asked if operation == "ListTagsForResource"] == ["a", "b"]
        ssm = script(clients.of("ssm", HERE))
        ssm("DescribeParameters", {"Parameters": [], "NextToken": "t"}, {"Parameters": [{"Name": "/p"}]})
        ssm("ListTagsForResource", {"TagList": tags(a="b")})
        assert [(each.id, each.tags) for each in listed(clients, "aws_ssm_parameter")] == [("/p", {"a": "b"})]


class TestListings:
    """Every type as moto has it."""

    def test_networks(self, aws, scan):
        ec2 = aws.ec2(HERE)
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        ec2.create_tags(Resources=[vpc], Tags=tags(**OURS))
        subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24", AvailabilityZone=ZONE)["Subnet"]["SubnetId"]
        ec2.create_tags(Resources=[subnet], Tags=tags(**OURS))
        gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        ec2.create_tags(Resources=[gateway], Tags=tags(**OURS))
        ec2.create_internet_gateway()
        group = ec2.create_security_group(GroupName="ours", Description="x", VpcId=vpc)["GroupId"]
        ec2.create_tags(Resources=[group], Tags=tags(**OURS))
        ec2.create_security_group(GroupName="theirs", Description="x", VpcId=vpc)
        (default,) = ec2.describe_security_groups(
            Filters=[{"Name": "vpc-id", "Values": [vpc]}, {"Name": "group-name", "Values": ["default"]}]
        )["SecurityGroups"]
        ec2.create_tags(Resources=[default["GroupId"]], Tags=tags(**OURS))
        address = ec2.allocate_address(Domain="vpc")["AllocationId"]
        nat = ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address)["NatGateway"]["NatGatewayId"]
        gone = ec2.create_nat_gateway(SubnetId=subnet, ConnectivityType="private")["NatGateway"]["NatGatewayId"]
        ec2.delete_nat_gateway(NatGatewayId=gone)
        endpoints = [
            ec2.create_vpc_endpoint(VpcId=vpc, ServiceName=f"com.amazonaws.{HERE}.{service}", VpcEndpointType=kind)[
                "VpcEndpoint"
            ]["VpcEndpointId"]
            for service, kind in (("s3", "Gateway"), ("ec2", "Interface"))
        ]
        volume = ec2.create_volume(Size=1, AvailabilityZone=ZONE)["VolumeId"]
        snapshot = ec2.create_snapshot(VolumeId=volume)["SnapshotId"]
        (host,) = ec2.allocate_hosts(AvailabilityZone=ZONE, Quantity=1, InstanceType="m5.large")["HostIds"]
        inventory = scan(aws)
        ids = {kind: [resource.id for resource in found(inventory, kind)] for kind in LISTINGS}
        assert ids["aws_vpc"] == [vpc]
        assert found(inventory, "aws_vpc")[0].tags == OURS
        assert ids["aws_subnet"] == [subnet]
        assert ids["aws_internet_gateway"] == [gateway]
        assert ids["aws_security_group"] == [group]
        assert ids["aws_eip"] == [address]
        assert ids["aws_nat_gateway"] == [nat]
        assert volume in ids["aws_ebs_volume"]
        assert ids["aws_ebs_snapshot"] == [snapshot]
        assert ids["aws_ec2_host"] == [host]
        kinds = {each.id: each.attributes for each in found(inventory, "aws_vpc_endpoint")}
        assert kinds == {
            endpoints[0]: {"vpc_endpoint_type": Known("Gateway")},
            endpoints[1]: {"vpc_endpoint_type": Known("Interface")},
        }
        assert {entry.status for entry in inventory.coverage} == {"read"}

    def test_machines(self, aws, scan):
        ec2 = aws.ec2(HERE)
        image = ec2.describe_images()["Images"][0]["ImageId"]
        kept, ended = [
            ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"] for _ in range(2)
        ]
        ec2.terminate_instances(InstanceIds=[ended])
        aws.of("autoscaling", HERE).create_launch_configuration(
            LaunchConfigurationName="l", ImageId=image, InstanceType="t2.micro"
        )
        aws.of("autoscaling", HERE).create_auto_scaling_group(
            AutoScalingGroupName="g", LaunchConfigurationName="l", MinSize=0, MaxSize=2, AvailabilityZones=[ZONE]
        )
        inventory = scan(aws)
        assert [(each.id, each.status) for each in found(inventory, "aws_instance")] == [(kept, "running")]
        (group,) = found(inventory, "aws_autoscaling_group")
        assert (group.id, group.attributes) == ("g", {"max_size": Known(2)})

    def test_load_balancers(self, aws, scan):
        ec2 = aws.ec2(HERE)
        subnets = [each["SubnetId"] for each in ec2.describe_subnets()["Subnets"]][:2]
        arn = aws.elbv2(HERE).create_load_balancer(Name="a", Subnets=subnets, Tags=tags(x="y"))["LoadBalancers"][0][
            "LoadBalancerArn"
        ]
        listener = {"Protocol": "tcp", "LoadBalancerPort": 80, "InstancePort": 80}
        aws.elb(HERE).create_load_balancer(
            LoadBalancerName="c", Listeners=[listener], AvailabilityZones=[ZONE], Tags=tags(x="z")
        )
        inventory = scan(aws)
        assert [(each.id, each.tags) for each in found(inventory, "aws_lb")] == [(arn, {"x": "y"})]
        assert [(each.id, each.tags) for each in found(inventory, "aws_elb")] == [("c", {"x": "z"})]

    def test_containers(self, aws, scan):
        ecs = aws.ecs(HERE)
        ecs.create_cluster(clusterName="c", tags=[{"key": "x", "value": "y"}])
        ecs.register_task_definition(family="f", containerDefinitions=[{"name": "m", "image": "i", "memory": 64}])
        ecs.create_service(cluster="c", serviceName="s", taskDefinition="f", desiredCount=2)
        inventory = scan(aws)
        (cluster,) = found(inventory, "aws_ecs_cluster")
        assert (cluster.id, cluster.status, cluster.tags) == ("c", "ACTIVE", {"x": "y"})
        (service,) = found(inventory, "aws_ecs_service")
        assert service.id == "c/s"
        assert service.attributes == {"desired_count": Known(2), "scheduling_strategy": Known("REPLICA")}

    def test_scaling_targets(self, aws, scan):
        ecs = aws.ecs(HERE)
        ecs.create_cluster(clusterName="c")
        ecs.register_task_definition(family="f", containerDefinitions=[{"name": "m", "image": "i", "memory": 64}])
        ecs.create_service(cluster="c", serviceName="s", taskDefinition="f", desiredCount=0)
        aws.of("application-autoscaling", HERE).register_scalable_target(
            ServiceNamespace="ecs",
            ResourceId="service/c/s",
            ScalableDimension="ecs:service:DesiredCount",
            MinCapacity=1,
            MaxCapacity=2,
        )
        (target,) = found(scan(aws), "aws_appautoscaling_target")
        assert target.id == "ecs/service/c/s/ecs:service:DesiredCount"
        assert target.attributes == {"min_capacity": Known(1)}

    def test_databases(self, aws, scan):
        rds = aws.rds(HERE)
        rds.create_db_instance(
            DBInstanceIdentifier="d",
            DBInstanceClass="db.t4g.micro",
            Engine="postgres",
            MasterUsername="u",
            MasterUserPassword="x" * 12,
            AllocatedStorage=20,
            Tags=tags(x="y"),
        )
        rds.create_db_snapshot(DBInstanceIdentifier="d", DBSnapshotIdentifier="s", Tags=tags(x="z"))
        rds.create_db_cluster(
            DBClusterIdentifier="a", Engine="aurora-postgresql", MasterUsername="u", MasterUserPassword="x" * 12
        )
        rds.create_db_cluster_snapshot(DBClusterIdentifier="a", DBClusterSnapshotIdentifier="cs", Tags=tags(x="w"))
        aws.of("elasticache", HERE).create_cache_cluster(
            CacheClusterId="e", Engine="redis", CacheNodeType="cache.t4g.micro", NumCacheNodes=1
        )
        aws.of("redshift", HERE).create_cluster(
            ClusterIdentifier="r", NodeType="ra3.large", MasterUsername="u", MasterUserPassword="X1" + "x" * 12
        )
        aws.of("opensearch", HERE).create_domain(DomainName="search")
        inventory = scan(aws)
        assert [(each.id, each.status, each.tags) for each in found(inventory, "aws_db_instance")] == [
            ("d", "available", {"x": "y"})
        ]
        assert [(each.id, each.tags) for each in found(inventory, "aws_db_snapshot")] == [("s", {"x": "z"})]
        assert [(each.id, each.tags) for each in found(inventory, "aws_db_cluster_snapshot")] == [("cs", {"x": "w"})]
        for kind, id_ in {
            "aws_rds_cluster": "a",
            "aws_elasticache_cluster": "e",
            "aws_redshift_cluster": "r",
            "aws_opensearch_domain": "search",
        }.items():
            assert [each.id for each in found(inventory, kind)] == [id_], kind

    def test_log_groups_and_parameters_of_the_environment(self, aws, scan, environment):
        logs, ssm = aws.of("logs", HERE), aws.of("ssm", HERE)
        ours = [f"/aws/rds/instance/{environment.dashed}-demo/postgresql", f"{environment.dashed}-demo"]
        for name in (*ours, "somebody-else", f"{environment.dashed}2-demo"):
            logs.create_log_group(logGroupName=name, tags={"x": "y"})
        for name in (f"{environment.parameter_prefix}/demo/a", "/somebody/else"):
            ssm.put_parameter(Name=name, Type="String", Value="v", Tags=tags(x="y"))
        inventory = scan(aws)
        assert [each.id for each in found(inventory, "aws_cloudwatch_log_group")] == ours
        assert found(inventory, "aws_cloudwatch_log_group")[0].tags == {"x": "y"}
        (parameter,) = found(inventory, "aws_ssm_parameter")
        assert (parameter.id, parameter.tags) == (f"{environment.parameter_prefix}/demo/a", {"x": "y"})

    def test_another_region_is_told_apart(self, aws, scan):
        aws.ec2("us-east-1").allocate_address(Domain="vpc")
        (address,) = found(scan(aws, regions=(HERE, "us-east-1")), "aws_eip")
        assert address.region == "us-east-1"


class TestDetails:
    @pytest.mark.parametrize(
        ("failures", "complaint"), [([], "asked for 2 services"), ([{"arn": "s1", "reason": "MISSING"}], None)]
    )
    def test_a_service_that_ecs_keeps_silent_about_is_lost(self, clients, script, listed, failures, complaint):
        scripted = script(clients.ecs(HERE))
        scripted("ListClusters", {"clusterArns": ["arn:x/c"]})
        scripted("ListServices", {"serviceArns": ["s0", "s1"]})
        scripted("DescribeServices", {"services": [{"serviceName": "s0", "status": "ACTIVE"}], "failures": failures})
        if complaint is None:
            assert [each.id for each in listed(clients, "aws_ecs_service")] == ["c/s0"]
        else:
            with pytest.raises(MalformedAnswer, match=complaint):
                listed(clients, "aws_ecs_service")

    def test_tasks_outside_every_service(self, clients, script, listed):
        scripted = script(clients.ecs(HERE))
        scripted("ListClusters", {"clusterArns": ["arn:x/c"]})
        scripted("ListTasks", {"taskArns": ["1", "2", "3", "4"]})
        groups = (("family:job", "RUNNING"), ("service:api", "RUNNING"), ("family:job", "STOPPED"), (None, "PENDING"))
        tasks = [
            {"taskArn": f"arn:x/c/{n}", "lastStatus": status, **({"group": group} if group else {})}
            for n, (group, status) in enumerate(groups)
        ]
        scripted("DescribeTasks", {"tasks": tasks})
        seen = [(each.id, each.status) for each in listed(clients, "aws_ecs_task")]
        assert seen == [("c/0", "RUNNING"), ("c/3", "PENDING")]

    def test_a_call_without_pages_that_says_there_is_more(self, clients, script, listed):
        script(clients.ec2(HERE))("DescribeAddresses", {"Addresses": [], "NextToken": "t"})
        with pytest.raises(MalformedAnswer, match="next page"):
            listed(clients, "aws_eip")

    def test_a_failure_of_ecs_is_not_nothing(self, clients, script, environment):
        scripted = script(clients.ecs(HERE))
        scripted("ListClusters", {"clusterArns": ["c"]})
        scripted("DescribeClusters", {"clusters": [], "failures": [{"arn": "c", "reason": "INTERNAL"}]})
        inventory = collect_inventory(clients, environment, [HERE], only("aws_ecs_cluster"), NOW, FREE)
        (entry,) = [entry for entry in inventory.coverage if entry.subject.startswith("aws_ecs_cluster@")]
        assert "INTERNAL" in entry.reason

    def test_an_address_of_the_classic_network(self, clients, script, listed):
        script(clients.ec2(HERE))("DescribeAddresses", {"Addresses": [{"PublicIp": "192.0.2.1", "AssociationId": "a"}]})
        assert [(each.id, each.status) for each in listed(clients, "aws_eip")] == [("192.0.2.1", "associated")]

    @pytest.mark.parametrize(
        ("condition", "item", "expected"),
        [
            pytest.param("desired_count", {"desiredCount": 0}, Known(0), id="camel"),
            pytest.param("desired_count", {"DesiredCount": 3}, Known(3), id="pascal"),
            pytest.param("a.b_c", {"A": {"BC": True}}, Known(True), id="dotted"),
            pytest.param("desired_count", {}, "is missing", id="missing"),
            pytest.param("desired_count", {"desiredCount": None}, "is NoneType", id="null"),
            pytest.param("desired_count", {"desiredCount": [1]}, "is list", id="other-type"),
            pytest.param("a.b", {"A": "x"}, "is missing", id="parent-is-text"),
        ],
    )
    def test_attributes(self, clients, script, answered_by, environment, condition, item, expected):
        described(script, clients, item)
        policy = only("aws_opensearch_domain", Condition(attribute=condition, operator="present"))
        answered_by(clients, {})
        (domain,) = collect_inventory(clients, environment, [HERE], policy, NOW, FREE).resources
        seen = domain.attributes[condition]
        if isinstance(expected, str):
            assert isinstance(seen, Unreadable)
            assert expected in seen.reason
        else:
            assert seen == expected

    def test_only_attributes_of_the_policy_are_kept(self, clients, script, answered_by, environment):
        described(script, clients, {"Secret": "x"})
        answered_by(clients, {})
        (domain,) = collect_inventory(clients, environment, [HERE], only("aws_opensearch_domain"), NOW, FREE).resources
        assert domain.attributes == {}
        assert "Secret" not in repr(domain)


def described(script, clients, item):
    """OpenSearch has one domain, and says this of it."""
    scripted = script(clients.of("opensearch", HERE))
    scripted("ListDomainNames", {"DomainNames": [{"DomainName": "logs"}]})
    scripted("DescribeDomains", {"DomainStatusList": [{"DomainName": "logs", **item}]})


def only(kind, condition=None):
    return ForbiddenPolicy(
        version=1, rules=(ForbiddenRule(id="R", types=(kind,), reason="it costs", condition=condition),)
    )


class TestSnapshotsOfEveryKind:
    """Automated, manual, or taken by AWS Backup: all of them are stored, and billed."""

    NAME = "fraud-platform-dev-min-demo-runtime"

    @pytest.fixture
    def rds(self, aws):
        return aws.rds(HERE)

    def create(self, rds):
        rds.create_db_instance(
            DBInstanceIdentifier=self.NAME,
            DBInstanceClass="db.t4g.micro",
            Engine="postgres",
            AllocatedStorage=20,
            MasterUsername="p",
            MasterUserPassword="x" * 12,
            BackupRetentionPeriod=7,
        )

    def delete(self, rds):
        rds.delete_db_instance(DBInstanceIdentifier=self.NAME, SkipFinalSnapshot=True, DeleteAutomatedBackups=False)

    def test_an_automated_one_of_a_database_that_stands_is_its_own(self, aws, rds, listed):
        self.create(rds)
        assert len(rds.describe_db_snapshots()["DBSnapshots"]) == 1
        assert listed(aws, "aws_db_snapshot") == []

    def test_a_retained_one_of_a_database_that_is_gone_is_found(self, aws, rds, listed):
        self.create(rds)
        self.delete(rds)
        (found,) = listed(aws, "aws_db_snapshot")
        assert found.id.startswith(f"rds:{self.NAME}-")

    def test_a_new_database_of_the_name_does_not_own_the_backups_of_the_old_one(self, aws, listed, script):
        item = {
            "DBSnapshotIdentifier": "rds:old",
            "SnapshotType": "automated",
            "Status": "available",
            "DbiResourceId": "db-OLD",
            "DBInstanceIdentifier": self.NAME,
        }
        standing = {"DBInstances": [{"DBInstanceIdentifier": self.NAME, "DbiResourceId": "db-NEW"}]}
        asked = script(aws.rds(HERE))
        asked("DescribeDBSnapshots", {"DBSnapshots": [item]}, {"DBSnapshots": []})
        asked("DescribeDBInstances", standing)
        assert [each.id for each in listed(aws, "aws_db_snapshot")] == ["rds:old"]

    @pytest.mark.parametrize(
        ("kind", "operation", "key", "id_"),
        [
            ("aws_db_snapshot", "DescribeDBSnapshots", "DBSnapshots", "DBSnapshotIdentifier"),
            (
                "aws_db_cluster_snapshot",
                "DescribeDBClusterSnapshots",
                "DBClusterSnapshots",
                "DBClusterSnapshotIdentifier",
            ),
        ],
    )
    def test_what_aws_backup_took_is_asked_for_by_its_name(self, aws, listed, script, kind, operation, key, id_):
        """RDS leaves it out of an answer to a question that names no kind."""
        item = {id_: "awsbackup:job-1", "SnapshotType": "awsbackup", "Status": "available"}
        asked = script(aws.rds(HERE))
        asked(operation, {key: []}, {key: [item]})
        assert [each.id for each in listed(aws, kind)] == ["awsbackup:job-1"]
        assert [params.get("SnapshotType") for _, params in asked.asked] == [None, "awsbackup"]

    def test_nobody_asks_for_databases_without_an_automated_snapshot(self, aws, listed, script):
        asked = script(aws.rds(HERE))
        asked("DescribeDBSnapshots", {"DBSnapshots": []})
        asked("DescribeDBInstances", {"DBInstances": []})
        assert listed(aws, "aws_db_snapshot") == []
        assert {operation for operation, _ in asked.asked} == {"DescribeDBSnapshots"}

    def test_an_automated_one_of_a_cluster_that_is_gone_is_found(self, aws, listed, script):
        item = {
            "DBClusterSnapshotIdentifier": "rds:c",
            "SnapshotType": "automated",
            "Status": "available",
            "DBClusterIdentifier": "c",
        }
        asked = script(aws.rds(HERE))
        asked("DescribeDBClusterSnapshots", {"DBClusterSnapshots": [item]})
        asked("DescribeDBClusters", {"DBClusters": [{"DBClusterIdentifier": "d"}]})
        assert [each.id for each in listed(aws, "aws_db_cluster_snapshot")] == ["rds:c"]

"""What the services of the seeded lists refuse in the sandbox, and what they are still kinder about."""

from sandbox.refusals import Kinder, Refusal

SERVICE = ""
"""Each declaration names its own."""
_REFERENCES = {
    "apprunner": "https://docs.aws.amazon.com/apprunner/latest/api/API_{}.html",
    "ec2": "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_{}.html",
    "elasticache": "https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_{}.html",
    "globalaccelerator": "https://docs.aws.amazon.com/global-accelerator/latest/api/API_{}.html",
    "lightsail": "https://docs.aws.amazon.com/lightsail/2016-11-28/api-reference/API_{}.html",
    "mwaa": "https://docs.aws.amazon.com/mwaa/latest/API/API_{}.html",
    "redshift-serverless": "https://docs.aws.amazon.com/redshift-serverless/latest/APIReference/API_{}.html",
}


def _refusal(service: str, operation: str, code: str, when: str) -> Refusal:
    return Refusal(operation, code, when, _REFERENCES[service].format(operation), service)


_TAGS = "ListTagsForResource"
_TOO_MANY, _TOO_FEW, _NO_PAGE = "the page is too long", "the page is empty", "the token is of no page"
_ACCELERATORS = ("ListAccelerators", "ListCustomRoutingAccelerators")
_OF_LIGHTSAIL = ("GetInstances", "GetLoadBalancers", "GetRelationalDatabases")
REFUSALS = (
    _refusal("apprunner", "ListServices", "InvalidRequestException", _TOO_MANY),
    _refusal("apprunner", "ListServices", "InvalidRequestException", _NO_PAGE),
    _refusal("apprunner", _TAGS, "InvalidRequestException", "the ARN is none"),
    _refusal("apprunner", _TAGS, "ResourceNotFoundException", "the service is not there"),
    _refusal("ec2", "DescribeClientVpnEndpoints", "InvalidParameterValue", _TOO_MANY),
    _refusal("ec2", "DescribeClientVpnEndpoints", "InvalidParameterValue", _NO_PAGE),
    _refusal("elasticache", "DescribeServerlessCaches", "InvalidParameterValue", _TOO_FEW),
    _refusal("elasticache", "DescribeServerlessCaches", "InvalidParameterValue", _NO_PAGE),
    _refusal("elasticache", _TAGS, "ServerlessCacheNotFoundFault", "the cache is not there"),
    *(_refusal("globalaccelerator", name, "InvalidArgumentException", _TOO_MANY) for name in _ACCELERATORS),
    *(_refusal("globalaccelerator", name, "InvalidNextTokenException", _NO_PAGE) for name in _ACCELERATORS),
    _refusal("globalaccelerator", _TAGS, "InvalidArgumentException", "the ARN is none"),
    _refusal("globalaccelerator", _TAGS, "AcceleratorNotFoundException", "the accelerator is not there"),
    *(_refusal("lightsail", name, "InvalidInputException", _NO_PAGE) for name in _OF_LIGHTSAIL),
    _refusal("lightsail", "GetContainerServices", "InvalidInputException", "the name begins with a capital letter"),
    _refusal("mwaa", "ListEnvironments", "ValidationException", _TOO_MANY),
    _refusal("mwaa", "ListEnvironments", "ValidationException", _NO_PAGE),
    _refusal("mwaa", "GetEnvironment", "ValidationException", "the name begins with a digit"),
    _refusal("mwaa", "GetEnvironment", "ResourceNotFoundException", "the environment is not there"),
    _refusal("redshift-serverless", "ListWorkgroups", "ValidationException", _TOO_MANY),
    _refusal("redshift-serverless", "ListWorkgroups", "ValidationException", _NO_PAGE),
    _refusal("redshift-serverless", _TAGS, "ValidationException", "the ARN is none"),
    _refusal("redshift-serverless", _TAGS, "ResourceNotFoundException", "the workgroup is not there"),
)

_BY_NAME = "one resource by its name is NotImplementedBySandbox: the product lists, and asks for none"
_NOTHING_MADE = "nothing is made or changed here, so that nothing is halfway"
_OTHERS = "only what the scan lists is seeded; tags of anything else are moto's, or not there"
_OTHER_KINDS_OF_CACHE = (
    "CacheClusterNotFound",
    "CacheParameterGroupNotFound",
    "CacheSecurityGroupNotFound",
    "CacheSubnetGroupNotFoundFault",
    "GlobalReplicationGroupNotFoundFault",
    "InvalidARN",
    "InvalidParameterValue",
    "InvalidReplicationGroupState",
    "ReplicationGroupNotFoundFault",
    "ReservedCacheNodeNotFound",
    "ServerlessCacheSnapshotNotFoundFault",
    "SnapshotNotFoundFault",
    "UserGroupNotFound",
    "UserNotFound",
)
KINDER = (
    Kinder(_TAGS, "InvalidStateException", _NOTHING_MADE, "apprunner"),
    Kinder("DescribeServerlessCaches", "ServerlessCacheNotFoundFault", _BY_NAME, "elasticache"),
    Kinder("DescribeServerlessCaches", "InvalidParameterCombination", _BY_NAME, "elasticache"),
    *(Kinder(_TAGS, code, _OTHERS, "elasticache") for code in _OTHER_KINDS_OF_CACHE),
    *(
        Kinder(_TAGS, code, _NOTHING_MADE, "elasticache")
        for code in ("InvalidServerlessCacheStateFault", "InvalidServerlessCacheSnapshotStateFault")
    ),
    *(
        Kinder(_TAGS, code, _OTHERS, "globalaccelerator")
        for code in ("AttachmentNotFoundException", "EndpointGroupNotFoundException", "ListenerNotFoundException")
    ),
    *(
        Kinder(name, code, why, "lightsail")
        for name in (*_OF_LIGHTSAIL, "GetContainerServices")
        for code, why in (
            ("NotFoundException", _BY_NAME),
            ("OperationFailureException", _NOTHING_MADE),
            ("AccountSetupInProgressException", "every account is set up from its first second"),
            ("RegionSetupInProgressException", "every region is set up from its first second"),
        )
        if (name, code)
        not in {
            ("GetContainerServices", "OperationFailureException"),
            ("GetContainerServices", "AccountSetupInProgressException"),
        }
    ),
)

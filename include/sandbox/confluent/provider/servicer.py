"""The calls of Terraform's plugin protocol 6, answered as terraform-plugin-sdk would (stand-in).

Every plan and apply answer says `legacy_type_system`: without it Terraform refuses what the real provider does too.
"""

import json
import traceback
from collections.abc import Callable
from typing import Any

from tf.gen import tfplugin_pb2 as pb
from tf.gen import tfplugin_pb2_grpc as rpc

from sandbox.confluent.provider.client import Client, ProviderProblem
from sandbox.confluent.provider.planning import (
    holds_unknown,
    planned,
    problems,
    replacements,
    settled,
    without_unknown,
)
from sandbox.confluent.provider.provider import (
    DATA_SOURCES,
    EXPLANATION,
    RESOURCES,
    SCHEMA,
    WARNING,
    configured,
)
from sandbox.confluent.provider.resource import PartlyMade, Resource
from sandbox.confluent.provider.wire import (
    error,
    errors,
    path_message,
    read_value,
    schema_message,
    value_message,
    warning,
)

Message = Any
"""A protobuf message; the generated classes have no types."""


class Servicer(rpc.ProviderServicer):  # type: ignore[misc]  # the generated base has no types
    """One running provider; Terraform configures it once."""

    def __init__(self, app: object) -> None:
        self._configured: Client | None = None

    @property
    def _client(self) -> Client:
        if self._configured is None:
            raise ProviderProblem("the stand-in provider was not configured")
        return self._configured

    def _resource(self, request: Message) -> Resource:
        return RESOURCES[request.type_name](self._client)

    def GetMetadata(self, request: Message, context: object) -> Message:
        """List what there is."""
        metadata = pb.GetMetadata
        return metadata.Response(
            server_capabilities=pb.ServerCapabilities(get_provider_schema_optional=False),
            resources=[metadata.ResourceMetadata(type_name=name) for name in RESOURCES],
            data_sources=[metadata.DataSourceMetadata(type_name=name) for name in DATA_SOURCES],
        )

    def GetProviderSchema(self, request: Message, context: object) -> Message:
        """Give all schemas."""
        return pb.GetProviderSchema.Response(
            provider=schema_message(SCHEMA),
            resource_schemas={name: schema_message(each.schema) for name, each in RESOURCES.items()},
            data_source_schemas={name: schema_message(each.schema) for name, each in DATA_SOURCES.items()},
        )

    def ValidateProviderConfig(self, request: Message, context: object) -> Message:
        """Accept: what is wrong shows when it is configured."""
        return pb.ValidateProviderConfig.Response()

    def ValidateResourceConfig(self, request: Message, context: object) -> Message:
        """Check what is known of a resource's configuration."""
        kind, config = RESOURCES[request.type_name], read_value(request.config)
        found = errors(problems(kind.schema.body, config))
        found += [error(sentence) for sentence in kind.config_problems(config)]
        return pb.ValidateResourceConfig.Response(diagnostics=found)

    def ValidateDataResourceConfig(self, request: Message, context: object) -> Message:
        """Accept: the data source takes nothing."""
        return pb.ValidateDataResourceConfig.Response()

    def ConfigureProvider(self, request: Message, context: object) -> Message:
        """Take endpoint and key, and say in every run what this is."""
        response = pb.ConfigureProvider.Response
        try:
            self._configured = configured(read_value(request.config))
        except ProviderProblem as problem:
            return response(diagnostics=[error(str(problem))])
        return response(diagnostics=[warning(WARNING, EXPLANATION)])

    def UpgradeResourceState(self, request: Message, context: object) -> Message:
        """Give a stored state back: there is one version of each schema only."""
        schema = RESOURCES[request.type_name].schema
        stored = json.loads(request.raw_state.json)
        known = {name: value for name, value in stored.items() if name in schema.body}
        return pb.UpgradeResourceState.Response(upgraded_state=value_message(schema.empty() | known))

    def ReadResource(self, request: Message, context: object) -> Message:
        """Refresh."""
        response = pb.ReadResource.Response

        def read() -> Message:
            resource, state = self._resource(request), read_value(request.current_state)
            found = resource.read(state)
            value = None if found is None else settled(resource.schema.body, state, state | found)
            return response(new_state=value_message(value), private=request.private)

        return _guarded(read, lambda said: response(diagnostics=said))

    def PlanResourceChange(self, request: Message, context: object) -> Message:
        """Plan; a destroy is planned as proposed."""
        response = pb.PlanResourceChange.Response
        if read_value(request.proposed_new_state) is None:
            return response(
                planned_state=request.proposed_new_state,
                planned_private=request.prior_private,
                legacy_type_system=True,
            )
        kind = RESOURCES[request.type_name]
        prior, config = read_value(request.prior_state), read_value(request.config)
        plan = planned(kind.schema.body, config, prior, read_value(request.proposed_new_state))
        replaced = []
        if prior is not None:
            replaced = [*replacements(kind.schema.body, prior, plan), *kind.more_replacements(prior, plan)]
        return response(
            planned_state=value_message(plan),
            requires_replace=[path_message(path) for path in replaced],
            planned_private=request.prior_private,
            legacy_type_system=True,
        )

    def ApplyResourceChange(self, request: Message, context: object) -> Message:
        """Make, change or take away. What was made in part is kept, and Terraform marks it as tainted."""
        response = pb.ApplyResourceChange.Response
        prior, plan = read_value(request.prior_state), read_value(request.planned_state)

        def apply() -> Message:
            return response(
                new_state=value_message(self._applied(self._resource(request), prior, plan)),
                private=request.planned_private,
                legacy_type_system=True,
            )

        def refused(said: list[Message], made: dict[str, Any] | None) -> Message:
            kept = prior if made is None else without_unknown(plan | made)
            return response(new_state=value_message(kept), diagnostics=said, legacy_type_system=True)

        try:
            return _guarded(apply, lambda said: refused(said, None))
        except PartlyMade as made:
            return refused([error(str(made))], made.values)

    def _applied(self, resource: Resource, prior: Any, plan: Any) -> Any:
        if plan is None:
            resource.delete(prior)
            return None
        found = resource.create(plan) if prior is None else resource.update(prior, plan)
        result = settled(resource.schema.body, plan, plan | found)
        if holds_unknown(result):
            raise ProviderProblem(f"{resource.name}: the stand-in left a value unknown after the apply")
        return result

    def ImportResourceState(self, request: Message, context: object) -> Message:
        """Start an import; Terraform refreshes afterwards."""
        message = pb.ImportResourceState

        def imported() -> Message:
            resource = self._resource(request)
            state = value_message(resource.schema.empty() | resource.import_state(request.id))
            found = message.ImportedResource(type_name=request.type_name, state=state)
            return message.Response(imported_resources=[found])

        return _guarded(imported, lambda said: message.Response(diagnostics=said))

    def ReadDataSource(self, request: Message, context: object) -> Message:
        """Look something up."""
        response = pb.ReadDataSource.Response

        def read() -> Message:
            source = DATA_SOURCES[request.type_name](self._client)
            config = read_value(request.config)
            return response(state=value_message(source.schema.empty() | config | source.read(config)))

        return _guarded(read, lambda said: response(diagnostics=said))

    def GetFunctions(self, request: Message, context: object) -> Message:
        """There are none."""
        return pb.GetFunctions.Response()

    def StopProvider(self, request: Message, context: object) -> Message:
        """Nothing to stop: calls are short."""
        return pb.StopProvider.Response()


def _guarded(work: Callable[[], Message], refused: Callable[[list[Message]], Message]) -> Message:
    """Return what `work` answers, or its problem as a diagnostic; a bug of the stand-in says that it is one."""
    try:
        return work()
    except ProviderProblem as problem:
        return refused([error(str(problem))])
    except (KeyError, IndexError, TypeError, AttributeError, AssertionError) as bug:
        traceback.print_exc()
        return refused([error(f"the stand-in provider broke on {type(bug).__name__}: {bug}")])

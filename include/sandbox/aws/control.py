"""The AWS stand-in's part of the sandbox's admin API (labelled); the routes are listed in sandbox/admin.py."""

from moto.moto_api._internal.models import moto_api_backend
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sandbox.aws import identity, sns
from sandbox.aws.seeded import Seeds
from sandbox.aws.settings import (
    BILLING_REFUSALS,
    SETTINGS,
    BillingState,
    BudgetSpend,
    BudgetState,
    SubscriptionState,
)
from sandbox.aws.spend import Spend
from sandbox.errors import Answer
from sandbox.iam import enforcement
from sandbox.proxy_control import PREFIX, first_problem, json_answer


class EmailDefault(BaseModel):
    """How new e-mail subscriptions start."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    state: SubscriptionState


class Billing(BaseModel):
    """How far the account's billing is set up."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    state: BillingState


class Unsubscription(BaseModel):
    """Whose subscription goes, as when a mail scanner follows the link."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    topic_arn: str
    endpoint: str


class Clock(BaseModel):
    """How many hours pass for subscriptions."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    hours: float = Field(ge=0, le=10_000)


class Confirmation(BaseModel):
    """Which e-mail subscription its reader confirms, or (`confirmed` false) never did."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    topic_arn: str
    endpoint: str
    confirmed: bool = True


def answer(method: str, path: str, body: bytes) -> Answer:
    """Answer a control request; 400 with one sentence for wrong input, 404 for an unknown route."""
    try:
        return _answer(method, path.removeprefix(PREFIX), body)
    except ValidationError as error:
        return json_answer(400, {"error": first_problem(error)})
    except sns.NoSuchSubscription as error:
        return json_answer(400, {"error": str(error)})


def _answer(method: str, route: str, body: bytes) -> Answer:
    match method, route:
        case "GET", "ready":
            return json_answer(200, {"ready": True})
        case "GET", "spend":
            pass
        case "PUT", "spend":
            SETTINGS.spend = Spend.model_validate_json(body)
        case "GET", "seeded":
            return json_answer(200, {"resources": [each.model_dump(mode="json") for each in SETTINGS.seeded]})
        case "PUT", "seeded":
            SETTINGS.seeded = Seeds.model_validate_json(body).resources
            return json_answer(200, {"resources": len(SETTINGS.seeded)})
        case "PUT", "budget-spend":
            budget_spend = BudgetSpend.model_validate_json(body)
            SETTINGS.budget_spend[budget_spend.budget_name] = budget_spend
            return json_answer(200, budget_spend.model_dump(mode="json"))
        case "PUT", "budget-state":
            state = BudgetState.model_validate_json(body)
            SETTINGS.budget_traits[state.budget_name] = state.traits
            SETTINGS.budget_actions[state.budget_name] = state.actions
            return json_answer(200, state.model_dump(mode="json"))
        case "PUT", "billing":
            billing = Billing.model_validate_json(body)
            SETTINGS.explorer_refusal = BILLING_REFUSALS[billing.state]
            return json_answer(200, billing.model_dump(mode="json"))
        case "POST", "reset":
            _reset()
            return json_answer(200, {"reset": True})
        case _:
            return _answer_the_rest(method, route, body)
    return json_answer(200, SETTINGS.spend.model_dump(mode="json"))


def _answer_the_rest(method: str, route: str, body: bytes) -> Answer:
    match method, route:
        case "GET", "iam/needs":
            return json_answer(200, {"needs": enforcement.needed()})
        case "GET", "sns/default":
            pass
        case "PUT", "sns/default":
            SETTINGS.email_subscriptions = EmailDefault.model_validate_json(body).state
        case "GET", "sns/messages":
            return json_answer(200, {"messages": sns.published()})
        case "POST", "sns/unsubscribe":
            gone = Unsubscription.model_validate_json(body)
            sns.unsubscribe(gone.topic_arn, gone.endpoint)
            return json_answer(200, gone.model_dump())
        case "POST", "sns/clock":
            return json_answer(200, {"hours": sns.let_hours_pass(Clock.model_validate_json(body).hours)})
        case "POST", "sns/confirm":
            confirmation = Confirmation.model_validate_json(body)
            sns.confirm(confirmation.topic_arn, confirmation.endpoint, confirmed=confirmation.confirmed)
            return json_answer(200, confirmation.model_dump())
        case _:
            return json_answer(404, {"error": f"there is no {method} /{route}."})
    return json_answer(200, {"state": SETTINGS.email_subscriptions})


def _reset() -> None:
    """Empty every account, but keep the sessions that clients hold."""
    sessions = identity.live_sessions()
    moto_api_backend.reset()
    SETTINGS.reset()
    identity.restore_sessions(sessions)

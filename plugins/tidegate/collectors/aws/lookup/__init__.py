"""Asks resources, one by one, whether they are still there: those of a destroy-set and those to preserve (TD4).

The question depends on the Terraform type; a type that nobody can ask is Unreadable, never gone.
"""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

from tidegate.collectors.aws.clients import Clients
from tidegate.collectors.aws.lookup import account, buckets, network, runtime, serverless
from tidegate.collectors.aws.lookup.question import Question
from tidegate.collectors.aws.reading import observe
from tidegate.models.observed import Absent, Known, Observed, Unreadable
from tidegate.models.plan import PreserveItem
from tidegate.models.state import StateResource

_FAMILIES = (account, buckets, network, runtime, serverless)
QUESTIONS: dict[str, Question] = {kind: question for family in _FAMILIES for kind, question in family.QUESTIONS.items()}
TOGETHER = {kind: question.together for kind, question in QUESTIONS.items() if question.together is not None}
"""Types of which many are asked for at once."""
GRANTED_WITH_THE_TYPE = frozenset(serverless.QUESTIONS)
"""Types that the role may ask about only where a stack may hold them."""
IAM_ACTIONS: tuple[str, ...] = tuple(sorted({action for family in _FAMILIES for action in family.IAM_ACTIONS}))

WORKERS = 8


def still_there(clients: Clients, resources: Iterable[StateResource]) -> Observed[tuple[StateResource, ...]]:
    """Those that still answer, also while being deleted. Unreadable, with all reasons, when one cannot be asked."""
    asked = tuple(resources)
    there = _there(clients, [(resource.type, resource.id) for resource in asked])
    if isinstance(there, Unreadable):
        return there
    return Known(tuple(resource for resource in asked if there[resource.type, resource.id]))


def missing(clients: Clients, items: Iterable[PreserveItem]) -> Observed[tuple[PreserveItem, ...]]:
    """Those that do not answer any more. Unreadable, with all reasons, when one cannot be asked."""
    asked = tuple(items)
    there = _there(clients, [(item.type, item.id) for item in asked])
    if isinstance(there, Unreadable):
        return there
    return Known(tuple(item for item in asked if not there[item.type, item.id]))


def _there(clients: Clients, asked: list[tuple[str, str]]) -> dict[tuple[str, str], bool] | Unreadable:
    """Type and id -> is it there?"""
    subjects = list(dict.fromkeys(asked))
    by_type = {kind: [id for each, id in subjects if each == kind and id] for kind, _ in subjects}
    together = {kind: ids for kind, ids in by_type.items() if ids and kind in TOGETHER}
    alone = [(kind, id) for kind, id in subjects if id not in together.get(kind, ())]
    with ThreadPoolExecutor(max_workers=WORKERS) as pool:
        groups = list(pool.map(lambda kind: _answers(clients, kind, together[kind]), together))
        answers = list(pool.map(lambda subject: _answer(clients, *subject), alone))
    unread = [answer for answer in (*groups, *answers) if isinstance(answer, Unreadable)]
    if unread:
        return Unreadable("; ".join(it.reason for it in unread), transient=all(it.transient for it in unread))
    there = {subject: answer.value for subject, answer in zip(alone, answers, strict=True) if isinstance(answer, Known)}
    for kind, group in zip(together, groups, strict=True):
        there |= {(kind, id): id in group.value for id in together[kind] if isinstance(group, Known)}
    return there


def _answers(clients: Clients, resource_type: str, ids: list[str]) -> Known[frozenset[str]] | Unreadable:
    """Those of a type that are there, asked all at once."""
    together = TOGETHER[resource_type]
    shown = ids[0] if len(ids) == 1 else f"{len(ids)} of them, the first {ids[0]}"
    found = observe(f"looking for {resource_type} {shown}", lambda: together(clients, ids))
    return Known(frozenset()) if isinstance(found, Absent) else found


def _answer(clients: Clients, resource_type: str, id: str) -> Known[bool] | Unreadable:
    question = QUESTIONS.get(resource_type)
    if question is None:
        return Unreadable(
            f"{resource_type} {id}: nobody knows how to ask for this type (tidegate/collectors/aws/lookup)"
        )
    if not id:
        return Unreadable(f"{resource_type}: it has no id")
    return question.answer(clients, resource_type, id)

"""What stands on each platform of the cost scope, for pricing."""

from datetime import datetime

from tidegate.lanes.run import LaneRun
from tidegate.models.inventory import Inventory


def read_inventories(run: LaneRun, observed_at: datetime) -> dict[str, Inventory]:
    """By platform of the cost scope what stands there now."""
    return {}

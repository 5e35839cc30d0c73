"""The phases and their lanes: the facts that each lane collects, the gate that judges them, and what follows a pass."""

"""The phases and their lanes: what each collects, which gate judges it, what follows a pass."""

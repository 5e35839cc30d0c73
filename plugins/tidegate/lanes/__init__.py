"""The phases M1, M2, M9 as data: which gate judges what, in which order."""

"""Who is told what, once: events of a run, their fingerprints, their messages, and what was told before. Pure."""

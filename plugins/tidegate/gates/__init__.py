"""The gates. `registry.GATES` lists them by hand; docs/gates.md is generated from it."""

"""Documents made from the code: architecture, gates, lanes, decision trail, JSON Schemas. `make docs` writes them."""

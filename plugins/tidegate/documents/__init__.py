"""Documents that are made of the code: architecture, gates, decision trail, JSON Schemas. `make docs` writes them."""

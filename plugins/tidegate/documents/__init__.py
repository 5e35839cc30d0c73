"""Documents that are made of the code: the gates, the decision trail, JSON Schemas. `make docs` writes them."""

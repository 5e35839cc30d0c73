"""What is known. Imports the standard library and pydantic only."""

"""Pure arithmetic about money."""

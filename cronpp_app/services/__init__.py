"""Use cases of people: one verb per method, ownership checked first."""

"""The foundation: errors, strict YAML, conditions, words, the Chinese calendar, the catalog of data."""

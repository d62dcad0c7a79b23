"""`labelround convert` beside the converters that a user would pick instead, from the same boxes."""

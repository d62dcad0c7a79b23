"""A large round in one process and in shards: time, CPU, memory, and whether they write the same bytes."""

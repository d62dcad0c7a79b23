"""A conversion in parts that run anywhere: one indexes, any number write a shard each, one finishes.

They pass on what the next needs as files in the folder of the dataset, which go away when it is complete. What they
write is, to the byte, what `labelround.dataset.convert` writes.
"""

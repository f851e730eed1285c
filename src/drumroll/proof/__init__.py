"""Can you prove it? Merkle trees, tiles, signed notes, entries, claims and samples. Pure: no clock, disk or network."""

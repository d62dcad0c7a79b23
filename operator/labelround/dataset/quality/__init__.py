"""How good a dataset is: its boxes by size and place, suspicious ones, and copies of pictures across splits."""

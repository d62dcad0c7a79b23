"""Datasets: how they are made, read and checked."""

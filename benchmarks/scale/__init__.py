"""The parts of the benchmark of the operator: its servers, the program that is measured, and what is measured."""

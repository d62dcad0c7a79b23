"""The LabelingRound: its model, its parser and the names Ground Truth allows."""

"""The Kubernetes operator: watches LabelingRounds and reconciles each through the same core as a local run."""

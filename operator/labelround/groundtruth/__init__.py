"""The one seam to the outside: the SageMaker Ground Truth labeling API."""

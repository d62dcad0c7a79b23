"""The Kubernetes API as labelround uses it: plain JSON objects, few verbs, and errors of its own."""

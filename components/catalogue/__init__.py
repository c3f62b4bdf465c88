"""What people write: jobs.yaml and the stack's configuration, as models that refuse what cannot work."""

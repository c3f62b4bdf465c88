"""The files that people write, jobs.yaml and a stack's configuration, as models that refuse what cannot work."""

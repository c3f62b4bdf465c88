"""What people do to living jobs and secrets: trigger, pause, rotate, and the first run of a new job."""

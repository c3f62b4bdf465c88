"""What can be typed: the commands with their parameters and their help. What they do is imported when they do it."""

"""From configuration to declared objects: commands of jobs, inputs of resources, an SQL migration."""

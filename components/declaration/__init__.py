"""From what people wrote to the objects that should be: commands of jobs, inputs of objects, an SQL migration."""

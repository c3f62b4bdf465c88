"""What all dynamic providers of Pulumi share."""

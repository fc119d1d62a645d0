"""What is tested; one machine for each file."""

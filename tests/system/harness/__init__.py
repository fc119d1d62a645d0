"""What the cases are written with: a machine, its people, their terminals."""

"""What the columns of every file are: unit and meaning, and the texts that categories have."""

"""One folder for each database."""

"""One folder for each database: `log` makes the tables of the log, `keys` the table of wrapped keys."""

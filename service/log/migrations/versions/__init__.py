"""One folder for each database: `log` makes the log's tables, `keys` those of wrapped keys, `ledger` the ledger's."""

"""Files of variables: .env and its relatives, read and written."""

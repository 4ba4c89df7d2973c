"""Services killed and databases failing over by the hundred, under load, with the books kept. `make test-crash`."""

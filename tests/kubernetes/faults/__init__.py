"""What happens where the API server does what busy and broken ones do."""

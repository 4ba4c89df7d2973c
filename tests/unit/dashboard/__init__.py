"""The dashboard's own rules, without a browser and without services."""

"""The rules of config. Pure functions over `services.config.domain` decide; each file has a class that is asked."""

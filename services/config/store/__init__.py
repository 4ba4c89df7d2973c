"""The SQL of config, all of it. Gives and takes the dataclasses of `services.config.domain`, never rows."""

"""What all services share: a closed list of modules, each about one concern. No module knows a service by name."""

"""What lives in one process's memory, on an installation of three processes of each service."""

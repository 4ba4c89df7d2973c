"""The local runtime: apps as processes of this machine."""

"""The images of a cluster, made here: there is no registry that they could come from."""

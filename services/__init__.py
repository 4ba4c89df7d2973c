"""The five services. Must exist: without it the folder `services/secrets` could shadow the standard library's."""

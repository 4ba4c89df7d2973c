"""The kinds of sink there are; each implements `services.audit.sinks.sink.Sink`."""

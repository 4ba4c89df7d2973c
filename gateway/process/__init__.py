"""Running the gateway elsewhere than on one machine: settings from the environment, Envoy started, drained, ended."""

"""Where connections come in, and what Envoy does with each: everybody's, the dashboard's, a kubelet's (`health`)."""

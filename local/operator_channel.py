"""Channels from this machine straight to a service, as `operator` or `provisioner`, for what no user may do."""

from pathlib import Path

import grpc


def open_channel(address: str, *, service: str, tls: Path, identity: str) -> grpc.aio.Channel:
    """An mTLS channel to `address`, which must hold the certificate for the DNS name `service`.

    `identity` names the certificate under `tls` that is shown.
    """
    credentials = grpc.ssl_channel_credentials(
        root_certificates=(tls / "ca.pem").read_bytes(),
        private_key=(tls / f"{identity}.key").read_bytes(),
        certificate_chain=(tls / f"{identity}.pem").read_bytes(),
    )
    options = [("grpc.ssl_target_name_override", service), ("grpc.enable_retries", 0)]
    return grpc.aio.secure_channel(address, credentials, options=options)

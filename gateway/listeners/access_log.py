"""What is written down of each request. Must not hold what a client wrote."""

from pathlib import Path
from typing import Any


def access_log(path: Path) -> list[dict[str, Any]]:
    """One JSON line a request. No header, path or query text: only the route's name, which is ours."""
    return [
        {
            "name": "envoy.access_loggers.file",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog",
                "path": str(path),
                "log_format": {
                    "json_format": {
                        "time": "%START_TIME%",
                        "route": "%ROUTE_NAME%",
                        "upstream": "%UPSTREAM_CLUSTER%",
                        "status": "%RESPONSE_CODE%",
                        "grpc_status": "%GRPC_STATUS(SNAKE_STRING)%",
                        "details": "%RESPONSE_CODE_DETAILS%",
                        "flags": "%RESPONSE_FLAGS%",
                        "milliseconds": "%DURATION%",
                        "bytes_received": "%BYTES_RECEIVED%",
                        "bytes_sent": "%BYTES_SENT%",
                        "client": "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT%",
                    }
                },
            },
        }
    ]

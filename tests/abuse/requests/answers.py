"""What came back for a request: its outcome in a word, and the sentence of an error, over gRPC and in JSON."""

import json
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote

# What google.rpc.Status has in JSON, and the details that ours has (`paaskit.errors`).
_STATUS: Final = {"code", "message", "details"}
_DETAILS: Final = {f"type.googleapis.com/google.rpc.{name}" for name in ("ErrorInfo", "BadRequest", "RetryInfo")}


@dataclass
class Answer:
    """What came back on one stream. `gone` is the connection's end, `reset` the error code of the stream's."""

    fields: dict[str, str] = field(default_factory=dict)
    size: int = 0
    content: bytearray = field(default_factory=bytearray)
    """The beginning of what was answered; of an error all of it."""
    reset: int | None = None
    gone: bool = False

    @property
    def outcome(self) -> str:
        """The name for it: the number of the gRPC status, of the HTTP status, or how the stream ended without."""
        if self.is_json:
            # Whole, though the rest of the request was not waited for (RFC 9113, section 8.1).
            return f"http {self.fields.get(':status', '')}"
        if "grpc-status" in self.fields:
            return f"grpc {self.fields['grpc-status']}"
        if self.gone:
            return "connection closed"
        if self.reset is not None:
            return f"reset {self.reset}"
        return f"http {self.fields.get(':status', '')}"

    @property
    def is_json(self) -> bool:
        """Whether it is one to a call in JSON."""
        return self.fields.get("content-type") == "application/json"

    @property
    def is_success(self) -> bool:
        """Whether what was asked for was done. In gRPC-web, whose status is in its content, it is taken to be."""
        return self.outcome in {"grpc 0", "http 200"}

    @property
    def text(self) -> str:
        """The sentence of an answer that is no success; of one without a status all that it says."""
        if self.is_json and not self.is_success:
            # What answers HEAD says how much it would be, and is nothing.
            is_head = not self.content and self.fields.get("content-length", "0") != "0"
            return "" if is_head else _sentence(bytes(self.content))
        if "grpc-status" in self.fields or self.is_success:
            said = unquote(self.fields.get("grpc-message", ""))
            # A call in JSON by somebody who says to speak gRPC.
            return _sentence(said.encode()) if said.startswith("{") else said
        return self.content.decode("utf-8", "replace")


def _sentence(content: bytes) -> str:
    """The message of a google.rpc.Status, or what it is not."""
    try:
        status = json.loads(content)
    except ValueError:
        return "<no JSON>"
    if not isinstance(status, dict) or status.keys() != _STATUS:
        return "<no google.rpc.Status>"
    if {each["@type"] for each in status["details"]} - _DETAILS:
        return "<a google.rpc.Status with other details>"
    return str(status["message"])

"""How much the gateway takes of connections and requests, and for how long. Sizes are bytes, times seconds.

Not here: how services are looked at (`gateway.upstreams`), and how long the routes take that are no calls.
"""

from typing import Final

# Connections.
MAX_CONNECTIONS: Final = 16_384
"""From outside; a file descriptor each, and some 20 KiB where nothing is under way on one."""
FIRST_BYTES_TIMEOUT: Final = 3
"""Within which a connection has to say something at all."""
IDLE_TIMEOUT: Final = 30
"""For which a connection may be without a request."""
DASHBOARD_IDLE_TIMEOUT: Final = 3600
"""The same of the dashboard's: it is one client, and makes no new one for each of its users."""
MAX_STREAMS: Final = 128
"""Requests at once of a connection over HTTP/2."""
MAX_DASHBOARD_STREAMS: Final = 1024
"""The same of the dashboard's."""

# Requests that wait. Bytes that are taken of a request while it waits for something else than itself, as for its sender
# to be let in or refused: over HTTP/1.1, and over HTTP/2, where it is the window of a stream. The rest stays with the
# sender. One that was let in may be as large as MAX_REQUEST_BYTES; over a line of 200 ms it has to wait for its window
# some eight times then, which REQUEST_TIMEOUT has room for. A connection has the window that Envoy gives it by
# itself: with less, those that wait would hold up the others.
MAX_WAITING_BYTES: Final = 32 * 1024
STREAM_WINDOW: Final = 128 * 1024
CHECK_TIMEOUT: Final = 2
"""tokens answers in milliseconds; a check that takes longer counts as one that could not be made."""
REQUEST_TIMEOUT: Final = 2.2
"""Until all of a request must have come. A little more than the check, which goes on meanwhile and says something else
when it fails."""

# Requests.
MAX_HEADERS: Final = 64
MAX_HEADERS_KIB: Final = 16
"""Services take as much in all, with the identity that is added to it here."""
MAX_REQUEST_BYTES: Final = 1024 * 1024 + 64 * 1024
"""Services take a message of 1 MiB; the rest is for its frame."""
MAX_BODY_BYTES: Final = 768 * 1024
"""What is taken of a request that is transcoded, all of which is kept in memory until its end."""
MAX_BYTES_OF_ANYONE: Final = 64 * 1024
"""The same of a call by somebody who needs no sign-in."""

# Answers.
UNARY_TIMEOUT: Final = 30
"""The longest a unary call may take, and the cap on what a client's grpc-timeout may ask for."""
STREAM_IDLE_TIMEOUT: Final = 3600
"""For which a watched release or a followed log may be silent before the gateway ends the stream."""
MAX_ANSWER_BYTES: Final = 8 * 1024 * 1024
"""What is transcoded of an answer. Services answer with less than that; it may grow to several times its size in
JSON."""
MAX_OWN_ANSWER_BYTES: Final = 256 * 1024
"""The most that Envoy may answer by itself, as the document of calls: it has to be told, as else that is 4 KiB."""

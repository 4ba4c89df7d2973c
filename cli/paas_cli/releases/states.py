"""The states of a release, paas.releaser.v1.State by number, and their words. Must not import anything."""

QUEUED, RUNNING, SUCCEEDED, FAILED, SUPERSEDED = 1, 2, 3, 4, 5
STATES = {QUEUED: "queued", RUNNING: "running", SUCCEEDED: "succeeded", FAILED: "failed", SUPERSEDED: "superseded"}
ENDED = (SUCCEEDED, FAILED, SUPERSEDED)

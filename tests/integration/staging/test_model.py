"""Random interleavings of sets, unsets, stagings, discards, releases and failures, compared with a model.

No acknowledged change is lost, none is released that was not ordered, and a failed release takes back what it changed
and nothing else. Each value is given once, so that what stands can be told from what was set again.
"""

import random
from dataclasses import dataclass, field

import pytest

from tests.integration.staging.conftest import BAD, Staging

NAMES = ("A", "B", "C", "S1", "S2")
STEPS = 40
WEIGHTS = {"set": 4, "unset": 2, "stage": 4, "stage-unset": 2, "discard": 1, "release": 2, "finish": 6}

Environment = dict[str, str]


@dataclass
class Model:
    """What is live, staged, queued, running, and what ran last and was good."""

    live: Environment = field(default_factory=dict)
    draft: dict[str, str | None] = field(default_factory=dict)
    good: Environment = field(default_factory=dict)
    queued: Environment | None = None
    running: Environment | None = None

    def change(self, name: str, value: str | None) -> None:
        """Set or unset a name live."""
        if self.live.get(name) != value:
            self._put(name, value)
            self.order()

    def order(self) -> None:
        """Queue what is live now; it starts where nothing runs."""
        self.queued = dict(self.live)
        if self.running is None:
            self.running, self.queued = self.queued, None

    def release(self) -> None:
        """Make the draft live and order it."""
        for name, value in self.draft.items():
            self._put(name, value)
        self.draft = {}
        self.order()

    def finish(self) -> None:
        """End what runs; a failure takes back the names it changed that still stand as it left them."""
        ran, self.running = self.running or {}, None
        if any(value.endswith(BAD) for value in ran.values()):
            changed = [name for name in NAMES if ran.get(name) != self.good.get(name)]
            back = [name for name in changed if self.live.get(name) == ran.get(name)]
            for name in back:
                self._put(name, self.good.get(name))
            if back:
                self.queued = dict(self.live)
        else:
            self.good = ran
        self.running, self.queued = self.queued, None

    def _put(self, name: str, value: str | None) -> None:
        self.live = {key: each for key, each in self.live.items() if key != name}
        if value is not None:
            self.live[name] = value


async def act(what: str, staging: Staging, model: Model, *, name: str, value: str) -> None:
    """Do one thing to the platform, and the same to the model."""
    match what:
        case "set":
            await staging.put(name, value)
            model.change(name, value)
        case "unset":
            await staging.unset(name)
            model.change(name, None)
        case "stage":
            await staging.put(name, value, stage=True)
            model.draft[name] = value
        case "stage-unset" if name in model.live and name not in model.draft:
            await staging.unset(name, stage=True)
            model.draft[name] = None
        case "discard":
            await staging.discard()
            model.draft = {}
        case "release":
            await staging.release()
            model.release()
        case "finish" if await staging.finish():
            model.finish()


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.thorough) for seed in range(1, 12))])
async def test_whatever_happens_is_what_the_model_says(staging: Staging, seed: int) -> None:
    choice, model = random.Random(seed), Model()
    for step in range(STEPS):
        name, bad = choice.choice(NAMES), choice.random() < 0.25
        what = choice.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
        await act(what, staging, model, name=name, value=f"{step}-{BAD if bad else 'good'}")
        await staging.rest()
        place = f"step {step}, {what} {name}, of seed {seed}"
        assert await staging.live() == model.live, place
        assert await staging.staged() == set(model.draft), place
        assert staging.runtime.is_applying == (model.running is not None), place
    while await staging.finish():
        model.finish()
    assert await staging.live() == model.live
    assert staging.runtime.environment == model.good

"""A connection or a dashboard that is lost in the middle of something: one sentence, and nothing is done twice.

That the audit log goes on without a gap is test_audit's.
"""

from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from tests.browser.visits import Window, reveal, window
from tests.e2e.installation import Installation, Paas, eventually, releases, settled

_UNSENT: Final = "There is no connection, so nothing was sent. Try again when there is one."
_UNKNOWN: Final = "The value did not come through. If it was read, the audit log says so; try again."
_OLD: Final = "The connection was lost, so what is here may be old. It goes on by itself as soon as it can."


def _elsewhere(installation: Installation, verb: str) -> None:
    """Stop or start the dashboard, in a thread without an event loop, which this one has."""
    with ThreadPoolExecutor() as pool:
        pool.submit(getattr(installation.stack, f"{verb}_part"), "dashboard").result()


def _forget_lost(opened: Window) -> None:
    """What the console says of a connection that a test took away."""
    opened.noticed[:] = [each for each in opened.noticed if "ERR_" not in each and "EventSource" not in each]


def test_what_can_t_be_sent_is_kept_and_sent_when_it_can(browser: Any, idle: Paas) -> None:
    with window(browser, idle, page=f"apps/{idle.environment['PAAS_APP']}") as opened:
        page, context = opened.page, opened.page.context
        page.get_by_label("Paste a .env").fill("A=1")
        context.set_offline(True)
        page.get_by_role("button", name="Review changes").click()
        page.get_by_role("alert").get_by_text(_UNSENT).wait_for()
        assert page.get_by_label("Paste a .env").input_value() == "A=1"
        context.set_offline(False)
        page.get_by_role("alert").wait_for(state="hidden")
        page.get_by_role("button", name="Review changes").click()
        page.wait_for_url("**/pending")

        context.set_offline(True)
        page.get_by_role("button", name="Save and release").click()
        page.get_by_role("alert").get_by_text(_UNSENT).wait_for()
        assert page.url.endswith("/pending")
        context.set_offline(False)
        page.get_by_role("alert").get_by_text(_UNSENT).wait_for(state="hidden")
        page.get_by_role("button", name="Save and release").click()
        opened.comes_to_a_release()
    assert idle.ok("config").lines == ["A=1"]


def test_a_form_whose_answer_is_lost_and_that_is_sent_again_has_one_effect(browser: Any, idle: Paas) -> None:
    before = len(releases(idle))
    sent = list[str]()

    def twice(route: Any) -> None:
        # The first answer is thrown away, as a connection does that ends too soon.
        for _ in range(2):
            sent.append(route.request.post_data)
            answer = route.fetch(max_redirects=0)
        route.fulfill(response=answer)

    with window(browser, idle, page=f"apps/{idle.environment['PAAS_APP']}") as opened:
        page = opened.page
        page.get_by_label("Paste a .env").fill("A=1\nB=2")
        page.get_by_role("button", name="Review changes").click()
        page.route("**/pending/save", twice)
        page.get_by_role("button", name="Save and release").click()
        page.wait_for_url(lambda url: not url.endswith(("/pending", "/save")))
        page.unroute_all()
    assert len(sent) == 2
    assert "request_id=" in sent[0]
    eventually(lambda: len(settled(idle)) > before)
    assert len(releases(idle)) == before + 1
    assert idle.ok("config").lines == ["A=1", "B=2"]


def test_a_value_that_does_not_come_is_told_beside_its_button_and_comes_the_next_time(
    browser: Any, installation: Installation, full: Paas
) -> None:
    with window(browser, full) as opened:
        # It is pressed again once the dashboard has started, which may take longer than a form stays.
        opened.keep_what_was_refused()
        opened.open(f"apps/{full.environment['PAAS_APP']}")
        page = opened.page
        button = page.get_by_role("button", name="Show it")
        page.context.set_offline(True)
        reveal(page, "API_KEY", exact=False)
        page.get_by_text("There is no connection, so nothing was sent.").wait_for()
        page.context.set_offline(False)
        _elsewhere(installation, "stop")
        try:
            button.click()
            page.locator("#variables").get_by_text(_UNKNOWN).wait_for()
        finally:
            _elsewhere(installation, "start")
        button.click()
        page.get_by_role("button", name="Hide API_KEY").wait_for()
        _forget_lost(opened)


def test_what_goes_on_says_that_it_is_old_and_goes_on(browser: Any, installation: Installation, paas: Paas) -> None:
    """A log that is followed, and a release that can't end."""
    app = paas.environment["PAAS_APP"]
    paas.ok("config:set", "UNHEALTHY=1", "--no-wait")
    eventually(lambda: len(releases(paas)) == 2)
    with window(browser, paas, page=f"account/audit?app={app}") as log, window(browser, paas) as rollout:
        log.page.get_by_text("live", exact=True).wait_for()
        rollout.open(f"apps/{app}/releases/2")
        _elsewhere(installation, "stop")
        try:
            for opened in (log, rollout):
                opened.page.get_by_role("alert").get_by_text(_OLD).wait_for()
            assert log.page.get_by_text("live", exact=True).is_hidden()
        finally:
            _elsewhere(installation, "start")
        for opened in (log, rollout):
            opened.page.get_by_role("alert").wait_for(state="hidden")
        log.page.get_by_text("live", exact=True).wait_for()
        # It can't end for two minutes. Whoever is slower finds it taken back, and nothing to unset.
        paas("config:unset", "UNHEALTHY", "--no-wait")
        paas.ok("config:set", "AFTER=1", "--no-wait")
        log.page.locator("#events").get_by_text("AFTER", exact=True).first.wait_for()
        sequences = log.page.locator("#events tbody tr").evaluate_all(
            "(rows) => rows.map((row) => row.dataset.sequence)"
        )
        assert len(set(sequences)) == len(sequences)
        for opened in (log, rollout):
            _forget_lost(opened)

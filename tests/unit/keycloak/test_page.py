"""Reading a page as its visitor does: which it is, what it says, what its form sends."""

from tests.keycloak.sign_in.page import read_page

_PAGE = """<html><head><title>Unseen</title><script>unseen()</script></head>
<body data-page-id="login-login"><h1>Sign in</h1>
<form action="/there?a=1&amp;b=2" method="post">
<input name="username" value=""><input type="hidden" name="kept" value="as &lt;it&gt; is"><input value="nameless">
<button type="button">Show</button><button type="submit" name="login">Go</button>
<input type="submit" name="cancel" value="No"></form><form action="/other"></form></body></html>"""


def test_a_page_is_read_as_its_visitor_sees_it() -> None:
    page = read_page(_PAGE, url="https://here.test/a/b")
    assert (page.name, page.words) == ("login-login", "Sign in Show Go")
    assert page.form is not None
    assert page.form.action == "https://here.test/there?a=1&b=2"
    assert page.form.fields == {"username": "", "kept": "as <it> is"}
    assert page.form.buttons == {"login": "", "cancel": "No"}


def test_a_page_without_a_form_has_none() -> None:
    assert read_page("<body data-page-id=login-info>Done</body>", url="https://here.test/").form is None

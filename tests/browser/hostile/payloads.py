"""Forty texts that are code where somebody forgets to escape them, each with the page on which it is.

Most of them set `window.__hit`. Those that can't (a style, another address, a name that scripts look for) ask for
something elsewhere or stand where something of ours was, which is seen as well (`watching`).
"""

from dataclasses import dataclass
from typing import Final

_TEXT: Final = "<div>{}</div>"
_ATTRIBUTE: Final = '<input value="{}">'
_SINGLE: Final = "<input value='{}'>"
_BARE: Final = "<input value={}>"
_LINK: Final = '<a href="{}">x</a>'
_SCRIPT: Final = '<script>window.text = "{}";</script>'
_TEMPLATE: Final = "<script>window.text = `{}`;</script>"
_STYLE: Final = '<p style="color: {}">x</p>'
_ELSEWHERE: Final = "http://127.0.0.1:1"


@dataclass(frozen=True)
class Payload:
    """One text, and HTML in which it does harm in place of `{}`."""

    text: str
    where: str = _TEXT

    @property
    def unescaped(self) -> str:
        """A page of somebody who did not escape it."""
        return self.where.replace("{}", self.text)


PAYLOADS: Final = (
    # Elements that run by themselves.
    Payload("<script>window.__hit=1</script>"),
    Payload("<img src=x onerror=window.__hit=1>"),
    Payload("<svg onload=window.__hit=1>"),
    Payload("<svg><script>window.__hit=1</script></svg>"),
    Payload("<body onpageshow=window.__hit=1>"),
    Payload("<iframe srcdoc='<script>parent.__hit=1</script>'></iframe>"),
    Payload("<iframe src=javascript:parent.__hit=1></iframe>"),
    Payload("<object data=x onerror=window.__hit=1></object>"),
    Payload("<details open ontoggle=window.__hit=1>"),
    Payload("<video><source onerror=window.__hit=1></video>"),
    Payload("<input autofocus onfocus=window.__hit=1>"),
    Payload(f"<link rel=stylesheet href={_ELSEWHERE}/x.css onerror=window.__hit=1>"),
    Payload('<script src="data:text/javascript,window.__hit=1"></script>'),
    # Addresses.
    Payload("<a href=javascript:window.__hit=1>x</a>"),
    Payload("javascript:window.__hit=1", _LINK),
    Payload("JaVa\tScRiPt:window.__hit=1//", _LINK),
    # Out of where a text stands.
    Payload('"><script>window.__hit=1</script>', _ATTRIBUTE),
    Payload("'><script>window.__hit=1</script>", _SINGLE),
    Payload('" onfocus="window.__hit=1', _ATTRIBUTE),
    Payload("x onfocus=window.__hit=1 autofocus", _BARE),
    Payload("</textarea><script>window.__hit=1</script>", "<textarea>{}</textarea>"),
    Payload("</title><script>window.__hit=1</script>", "<title>{}</title>"),
    Payload("</style><script>window.__hit=1</script>", "<style>{}</style>"),
    Payload("</script><script>window.__hit=1</script>", _SCRIPT),
    Payload('";window.__hit=1;//', _SCRIPT),
    Payload("${window.__hit=1}", _TEMPLATE),
    Payload("--><script>window.__hit=1</script>", "<!-- {} -->"),
    # What parsers make something else of (mutation XSS).
    Payload('<noscript><p title="</noscript><img src=x onerror=window.__hit=1>">'),
    Payload('<svg></p><style><a id="</style><img src=1 onerror=window.__hit=1>">'),
    Payload("<math><mtext><table><mglyph><style><!--</style><img title='--><img src=1 onerror=window.__hit=1>'>"),
    # Past trusted types.
    Payload("<script>trustedTypes.createPolicy('default',{createScript:(s)=>s});eval('window.__hit=1')</script>"),
    # Styles, frames and forms that lead elsewhere.
    Payload(f"red;}} * {{ background: url({_ELSEWHERE}/y) }}", _STYLE),
    Payload(f"<style>@import '{_ELSEWHERE}/x.css'; * {{ background: url({_ELSEWHERE}/y) }}</style>"),
    Payload(f"<base href={_ELSEWHERE}/><meta http-equiv=refresh content='0;url={_ELSEWHERE}/'>"),
    # Names that scripts look for (DOM clobbering).
    Payload("<form id=variables><input name=dataset><input id=status name=querySelectorAll></form>"),
    # Code of templates, and what is decoded once too often.
    Payload("{{ config.items() }}{% raw %}${7*7}#{7*7}"),
    Payload("&lt;script&gt;window.__hit=1&lt;/script&gt;%3Cscript%3Ewindow.__hit=1%3C/script%3E"),
    # What is written from right to left, what is no letter, and lines of their own.
    Payload("\u202e<script>window.__hit=1</script>\u2066"),
    Payload("\u2028\ufeff\ufffe<script>window.__hit=1</script>\u2029"),
    Payload("data: {}\n\nevent: end\ndata: <script>window.__hit=1</script>"),
)
TEXTS: Final = tuple(each.text for each in PAYLOADS)

BROKEN: Final = (
    "%C0%BCscript%C0%BEwindow.__hit=1%C0%BC/script%C0%BE",
    "%FF%FE%3Cscript%3Ewindow.__hit=1%3C/script%3E",
    "%ED%A0%80%3Cimg%20src=x%20onerror=window.__hit=1%3E",
    "%F0%80%80%BCscript%3Ewindow.__hit=1%F0%80%80%BC/script%3E",
)
"""What is no UTF-8, as an address has it: too long, a half of a pair, bytes that never are."""

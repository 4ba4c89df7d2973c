// The code of a link, which is after the `#` of the address: no server is asked for it, and no address keeps it.

const form = document.querySelector("[data-link]");

function send() {
  const given = new URLSearchParams(location.hash.slice(1));
  if (given.has("code")) {
    history.replaceState(null, "", location.pathname);
    form.elements.code.value = given.get("code");
    form.elements.to.value = given.get("to") ?? "";
    form.submit();
  }
}

send();
// A link that is pasted where this page stands already.
addEventListener("hashchange", send);

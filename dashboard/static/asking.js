// Asking our own pages from a script, saying what came of it, and the clipboard. What other scripts stand on.

import { visited } from "./presence.js";

const token = document.body.dataset.formToken;
const status = document.getElementById("status");

export const KEPT_FOR = 30_000; // milliseconds for which a value is shown, or stays in the clipboard

// Tell whoever listens to the page.
export function say(text) {
  status.textContent = text;
}

// Tell everybody that something does not come through, until it does again (an empty sentence).
const lost = document.getElementById("lost");

export function tellLost(sentence) {
  if (sentence === "" && !lost.hidden) {
    say("The connection is back.");
  }
  lost.textContent = sentence;
  lost.hidden = sentence === "";
}

// Send a form's content, or nothing but that it is ours; what is answered as JSON, or null where the visit is over.
export async function post(path, content = undefined) {
  const headers = { "x-form-token": token, accept: "application/json" };
  const answer = await fetch(path, { method: "POST", headers, body: content, cache: "no-store" });
  if (answer.status === 401) {
    location.reload();
    return null;
  }
  visited();
  return answer.json();
}

// What a page adds to its address when it loads itself anew, so that this is taken for no visit of a person.
const BY_ITSELF = "by-itself";
const here = new URL(location.href);
if (here.searchParams.has(BY_ITSELF)) {
  here.searchParams.delete(BY_ITSELF);
  history.replaceState(null, "", here);
}

let isLeft = false;
addEventListener("beforeunload", () => {
  isLeft = true;
});

// Load the page anew, but for who is on their way to another one: it would take them back.
export function loadAgain() {
  if (!isLeft) {
    here.searchParams.set(BY_ITSELF, "1");
    history.replaceState(null, "", here);
    location.reload();
  }
}

export async function copy(value, what) {
  await navigator.clipboard.writeText(value);
  say(`Copied ${what}.`);
}

// Copy what must not stay. A browser that has something else in front may refuse to empty it.
export async function copyForAWhile(value, what) {
  await copy(value, `${what}; the clipboard is emptied in 30 seconds`);
  setTimeout(() => navigator.clipboard.writeText("").catch(() => {}), KEPT_FOR);
}

// Have a button say for a moment what it did.
export function flash(button, word) {
  const before = button.firstChild.textContent;
  button.firstChild.textContent = word;
  setTimeout(() => {
    button.firstChild.textContent = before;
  }, 1500);
}

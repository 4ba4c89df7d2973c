// A token's text, the one time it is shown: it comes in the answer to this script alone, stands in the page as text
// until the page is left, and is in no document that a browser keeps.

import { copyForAWhile, flash, post, say } from "./asking.js";

for (const form of document.querySelectorAll("form[data-once]")) {
  const button = form.querySelector("[data-sends]");
  const problem = form.querySelector("[data-problem]");
  button.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    problem.hidden = true;
    try {
      const answer = await post(form.action, new URLSearchParams(new FormData(form)));
      if (answer?.error !== undefined) {
        refuse(problem, answer.error);
      } else if (answer !== null) {
        show(answer);
      }
    } catch {
      refuse(problem, "It is not known whether that was done. Look at the list of tokens before you do it again.");
    } finally {
      button.disabled = false;
    }
  });
}

function refuse(problem, sentence) {
  problem.textContent = sentence;
  problem.hidden = false;
  problem.tabIndex = -1;
  problem.focus();
}

function show(answer) {
  const place = document.getElementById("once");
  const text = place.querySelector("[data-text]");
  const button = place.querySelector("button");
  let kept = false;
  place.querySelector("[data-title]").textContent = answer.title;
  place.querySelector("[data-about]").textContent = answer.about;
  text.textContent = answer.secret;
  for (const other of document.querySelectorAll("[data-until-made]")) {
    other.hidden = true;
  }
  place.hidden = false;
  place.focus();
  say(`${answer.title} Its text is shown this once.`);
  button.addEventListener("click", async () => {
    await copyForAWhile(text.textContent, "the token");
    flash(button, "Copied");
    kept = true;
  });
  // Whoever selects it by hand has it as well.
  text.addEventListener("copy", () => {
    kept = true;
  });
  addEventListener("beforeunload", (event) => {
    if (!kept && place.isConnected) {
      event.preventDefault();
    }
  });
  addEventListener("pagehide", () => {
    text.textContent = "";
  });
}

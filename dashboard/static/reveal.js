// One value at a time: shown for half a minute once it is said why, or copied without being shown. It comes in the answer
// to this script, and is gone with the page.

import { KEPT_FOR, copyForAWhile, flash, post, say } from "./asking.js";

const NOT_KNOWN = "The value did not come through. If it was read, the audit log says so; try again.";
const table = document.getElementById("variables");
const revealed = new Map();
let lastReason = "";

function hide(name) {
  const shown = revealed.get(name);
  if (shown === undefined) {
    return;
  }
  clearInterval(shown.ticking);
  shown.place.replaceChildren(shown.mask);
  shown.button.firstChild.textContent = "Reveal";
  revealed.delete(name);
}

function reveal(button, value) {
  const name = button.dataset.reveal;
  const place = button.closest("tr").querySelector("[data-secret]");
  const mask = place.firstElementChild;
  const code = document.createElement("code");
  code.textContent = value;
  const left = document.createElement("span");
  left.className = "quiet";
  const ends = Date.now() + KEPT_FOR;
  const tick = () => {
    const seconds = Math.ceil((ends - Date.now()) / 1000);
    left.textContent = ` ${seconds} s`;
    if (seconds <= 0) {
      hide(name);
      say(`${name} is hidden again.`);
    }
  };
  place.replaceChildren(code, left);
  button.firstChild.textContent = "Hide";
  revealed.set(name, { place, mask, button, ticking: setInterval(tick, 500) });
  tick();
  say(`${name} is shown for 30 seconds.`);
}

// What it is answered with: a value, an error, or null where the visit is over.
async function ask(button, name, content = undefined) {
  const hadFocus = document.activeElement === button;
  button.disabled = true;
  try {
    return await post(`${table.dataset.secrets}/${encodeURIComponent(name)}/reveal`, content);
  } catch {
    return { error: NOT_KNOWN };
  } finally {
    button.disabled = false;
    // Browsers take the focus from what is disabled.
    if (hadFocus && document.activeElement === document.body) {
      button.focus();
    }
  }
}

// Ask why, once for each value, and then for the value. What was given last on this page is there to be taken again.
function askWhy(button) {
  const name = button.dataset.reveal;
  const form = document.getElementById("why").content.firstElementChild.cloneNode(true);
  const input = form.querySelector("[name=reason]");
  const problem = form.querySelector(".problem");
  const close = () => {
    form.remove();
    button.hidden = false;
    button.focus();
  };
  button.closest("tr").querySelector(".value").append(form);
  button.hidden = true;
  input.value = lastReason;
  input.select();
  input.focus();
  form.querySelector("[data-cancel]").addEventListener("click", close);
  form.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      close();
    }
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    problem.hidden = true;
    const given = input.value;
    const answer = await ask(form.querySelector("button"), name, new URLSearchParams({ reason: given }));
    if (answer?.error !== undefined) {
      problem.textContent = answer.error;
      problem.hidden = false;
      input.focus();
      // What was typed may be the value, and then it stays no longer than that would.
      setTimeout(() => form.isConnected && close(), KEPT_FOR);
    } else if (answer !== null) {
      lastReason = given;
      close();
      reveal(button, answer.value);
    }
  });
}

function alertBeside(button, text) {
  const place = button.closest("tr").querySelector(".value");
  const problem = document.createElement("div");
  problem.className = "problem";
  problem.textContent = text;
  place.append(problem);
  setTimeout(() => problem.remove(), 8000);
}

if (table !== null) {
  for (const button of table.querySelectorAll("[data-reveal]")) {
    button.addEventListener("click", () => {
      if (revealed.has(button.dataset.reveal)) {
        hide(button.dataset.reveal);
        return;
      }
      askWhy(button);
    });
  }
  for (const button of table.querySelectorAll("[data-copy-secret]")) {
    button.addEventListener("click", async () => {
      const answer = await ask(button, button.dataset.copySecret);
      if (answer?.error !== undefined) {
        say(answer.error);
        alertBeside(button, answer.error);
      } else if (answer !== null) {
        await copyForAWhile(answer.value, button.dataset.copySecret);
        flash(button, "Copied");
      }
    });
  }
  // Nothing that was revealed stays where the page is put away.
  addEventListener("pagehide", () => {
    for (const name of [...revealed.keys()]) {
      hide(name);
    }
    for (const form of table.querySelectorAll("form.why")) {
      form.querySelector("[data-cancel]").click();
    }
    lastReason = "";
  });
}

// One value at a time: shown for half a minute, or copied without being shown. It comes in the answer to this script, and
// is gone with the page.

import { KEPT_FOR, copyForAWhile, flash, post, say } from "./asking.js";

const table = document.getElementById("variables");
const revealed = new Map();

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
    }
  };
  place.replaceChildren(code, left);
  button.firstChild.textContent = "Hide";
  revealed.set(name, { place, mask, button, ticking: setInterval(tick, 500) });
  tick();
  say(`${name} is shown for 30 seconds.`);
}

async function ask(button, name) {
  button.disabled = true;
  try {
    const answer = await post(`${table.dataset.secrets}/${encodeURIComponent(name)}/reveal`);
    if (answer !== null && answer.error !== undefined) {
      say(answer.error);
      alertBeside(button, answer.error);
      return null;
    }
    return answer === null ? null : answer.value;
  } finally {
    button.disabled = false;
  }
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
    button.hidden = false;
    button.addEventListener("click", async () => {
      if (revealed.has(button.dataset.reveal)) {
        hide(button.dataset.reveal);
        return;
      }
      const value = await ask(button, button.dataset.reveal);
      if (value !== null) {
        reveal(button, value);
      }
    });
  }
  for (const button of table.querySelectorAll("[data-copy-secret]")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      const value = await ask(button, button.dataset.copySecret);
      if (value !== null) {
        await copyForAWhile(value, button.dataset.copySecret);
        flash(button, "Copied");
      }
    });
  }
  // Nothing that was revealed stays where the page is put away.
  addEventListener("pagehide", () => {
    for (const name of [...revealed.keys()]) {
      hide(name);
    }
  });
}

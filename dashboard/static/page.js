// What pages do where there are scripts. Without them everything can be read, and forms do the rest.
// Text is put in with textContent alone: nothing that somebody wrote becomes HTML, which the content security policy
// holds us to (require-trusted-types-for).

import { copy, flash, loadAgain } from "./asking.js";

// Searching in a list, and `/` to begin.
for (const input of document.querySelectorAll("[data-filter]")) {
  const rows = [...document.querySelectorAll(`${input.dataset.filter} tbody tr`)];
  const empty = document.querySelector(`[data-empty="${input.dataset.filter}"]`);
  const show = () => {
    const wanted = input.value.trim().toLowerCase();
    let count = 0;
    for (const row of rows) {
      row.hidden = !row.dataset.text.toLowerCase().includes(wanted);
      count += row.hidden ? 0 : 1;
    }
    empty.hidden = count > 0;
  };
  input.addEventListener("input", show);
  input.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      input.value = "";
      show();
    } else if (event.key === "Enter") {
      rows.find((row) => !row.hidden)?.querySelector("a")?.click();
    }
  });
}

function typing(target) {
  return target instanceof HTMLElement && target.closest("input, textarea, select, [contenteditable]") !== null;
}

document.addEventListener("keydown", (event) => {
  if (event.key === "/" && !typing(event.target) && !event.ctrlKey && !event.metaKey && !event.altKey) {
    const search = document.getElementById("search");
    if (search !== null) {
      event.preventDefault();
      search.focus();
    }
  }
});

// A menu closes when somebody goes elsewhere.
for (const menu of document.querySelectorAll("details.account")) {
  document.addEventListener("click", (event) => {
    if (!menu.contains(event.target)) {
      menu.open = false;
    }
  });
  menu.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });
}

// Pasting a whole file anywhere. In a field it is pasted into the field, as ever.
const paste = document.getElementById("paste");
if (paste !== null) {
  const text = paste.querySelector("textarea");
  const grow = () => {
    text.rows = Math.min(16, text.value.split("\n").length);
  };
  text.addEventListener("input", grow);
  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      paste.requestSubmit();
    }
  });
  document.addEventListener("paste", (event) => {
    const pasted = event.clipboardData.getData("text/plain");
    const whole = event.target === text && text.value === "" && pasted.includes("\n");
    if ((typing(event.target) && !whole) || !pasted.includes("=")) {
      return;
    }
    event.preventDefault();
    text.value = pasted;
    grow();
    paste.requestSubmit();
  });
}

// What was pasted is not kept for the way back.
addEventListener("pagehide", () => {
  for (const text of document.querySelectorAll("textarea")) {
    text.value = "";
  }
});

// Leaving what is not saved asks first. It is kept all the same, and is there on coming back.
const unsaved = document.querySelector("[data-unsaved]");
if (unsaved !== null) {
  let asks = true;
  document.addEventListener("submit", () => {
    asks = false;
  });
  addEventListener("beforeunload", (event) => {
    if (asks) {
      event.preventDefault();
    }
  });
  for (const select of unsaved.querySelectorAll("[data-submits]")) {
    select.addEventListener("change", () => {
      unsaved.requestSubmit(unsaved.querySelector('[value="choose"]'));
    });
  }
}

// Copying what is no secret.
for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    await copy(button.dataset.copy, "the value");
    flash(button, "Copied");
  });
}

// What goes on by itself is looked at again, while somebody looks.
if (document.querySelector("[data-look-again]") !== null) {
  setInterval(() => {
    if (!document.hidden) {
      loadAgain();
    }
  }, 3000);
}

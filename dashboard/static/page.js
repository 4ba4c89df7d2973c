// What pages do where there are scripts. Without them everything can be read, and forms do the rest.
// Text is put in with textContent alone: nothing that somebody wrote becomes HTML, which the content security policy
// holds us to (require-trusted-types-for).

import { copy, flash, loadAgain, post, tellLost } from "./asking.js";

// What was refused is where somebody goes on, and is heard first.
const problem = document.querySelector("main [role=alert]:not([hidden])");
if (problem !== null) {
  problem.tabIndex = -1;
  problem.focus();
}

// What can't be sent is not sent: a browser would leave the page for one of its own, and what was typed is gone with it.
document.addEventListener(
  "submit",
  (event) => {
    if (!navigator.onLine) {
      event.preventDefault();
      event.stopImmediatePropagation();
      tellLost("There is no connection, so nothing was sent. Try again when there is one.");
    }
  },
  { capture: true },
);
addEventListener("online", () => tellLost(""));

// Searching in a list, and `/` to begin.
for (const input of document.querySelectorAll("[data-filter]")) {
  const rows = [...document.querySelectorAll(`${input.dataset.filter} tbody tr`)];
  const empty = document.querySelector(`[data-empty="${input.dataset.filter}"]`);
  const show = () => {
    const wanted = input.value.trim().toLowerCase();
    let count = 0;
    for (const row of rows) {
      row.hidden = !(row.dataset.text ?? row.cells[0].textContent).toLowerCase().includes(wanted);
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
      event.preventDefault();
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
    if (asks && unsaved.isConnected) {
      event.preventDefault();
    }
  });
  // Whoever goes through the choices with arrow keys means the last one, and has the button for it (WCAG 3.2.2).
  let hasKeys = false;
  unsaved.addEventListener("keydown", () => {
    hasKeys = true;
  });
  unsaved.addEventListener("pointerdown", () => {
    hasKeys = false;
  });
  for (const select of unsaved.querySelectorAll("[data-submits]")) {
    select.addEventListener("change", () => {
      if (!hasKeys) {
        unsaved.requestSubmit(unsaved.querySelector('[value="choose"]'));
      }
    });
  }
}

// Copying what is no secret.
for (const button of document.querySelectorAll("[data-copy], [data-copy-value]")) {
  button.addEventListener("click", async () => {
    // What stands in the row does not have to be sent twice.
    const text = button.dataset.copy ?? button.closest("tr").querySelector(".value > code").textContent;
    await copy(text, "the value");
    flash(button, "Copied");
  });
}

// A value that is cut short is shown whole on demand. All are measured before any gets its button: the other way round
// the page is laid out anew for each. The button takes the room of the value's last line, so that no row grows.
const KILOBYTE = 1024;
const cut = [...document.querySelectorAll(".value > code, .value > del, .value > ins")].filter(
  (value) => value.scrollHeight > value.clientHeight + 4,
);
for (const value of cut) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "small";
  const size = new Blob([value.textContent]).size;
  const words = `Show all ${size < KILOBYTE ? `${size} bytes` : `${Math.round(size / KILOBYTE)} KB`}`;
  button.textContent = words;
  button.setAttribute("aria-expanded", "false");
  button.addEventListener("click", () => {
    const isWhole = value.classList.toggle("whole");
    button.setAttribute("aria-expanded", String(isWhole));
    button.textContent = isWhole ? "Show less" : words;
  });
  const line = document.createElement("div");
  line.className = "all";
  line.append(button);
  value.classList.add("cut");
  value.after(line);
}

// Before somebody is signed out for doing nothing, they are asked whether they are there.
const stay = document.querySelector("[data-stay]");
if (stay !== null) {
  stay.addEventListener("click", () => post(stay.dataset.stay));
}

// What goes on by itself is looked at again, while somebody looks.
if (document.querySelector("[data-look-again]") !== null) {
  setInterval(() => {
    if (!document.hidden) {
      loadAgain();
    }
  }, 3000);
}

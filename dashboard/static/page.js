// What pages do where there are scripts. Without them everything can be read, and forms do the rest.
// Text is put in with textContent alone: nothing that somebody wrote becomes HTML, which the content security policy
// holds us to (require-trusted-types-for).

import { KEPT_FOR, copy, copyForAWhile, flash, post, say } from "./asking.js";

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

// Revealing and copying.
for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    await copy(button.dataset.copy, "the value");
    flash(button, "Copied");
  });
}

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

// What goes on, told as it happens. A browser connects again by itself where a connection breaks, but not where the
// answer was a failure, as while the dashboard is started anew; then this does, after a while that grows. Whoever has been
// signed out meanwhile sees that at once.
const LONGEST_WAIT = 10_000; // milliseconds

function listen(path, told, live = () => {}) {
  let wait = 500;
  let source;
  const begin = () => {
    source = new EventSource(path());
    source.addEventListener("open", () => {
      wait = 500;
      live(true);
    });
    source.addEventListener("message", (event) => told(JSON.parse(event.data), source));
    for (const name of ["refused", "end"]) {
      source.addEventListener(name, () => source.close());
    }
    source.addEventListener("error", () => {
      live(false);
      if (source.readyState === EventSource.CLOSED) {
        setTimeout(again, wait);
        wait = Math.min(LONGEST_WAIT, wait * 2);
      }
    });
  };
  const again = async () => {
    const answer = await fetch(location.href, { cache: "no-store" }).catch(() => null);
    if (answer !== null && answer.status === 401) {
      location.reload();
    } else {
      begin();
    }
  };
  begin();
}

// A release as it rolls out.
const release = document.querySelector("[data-progress]");
if (release !== null) {
  listen(
    () => release.dataset.progress,
    (told, source) => {
      const state = release.querySelector("[data-state]");
      state.textContent = told.word;
      state.className = `badge ${told.kind}`;
      const bar = release.querySelector("[data-bar]");
      if (bar !== null) {
        bar.max = told.total;
        bar.value = told.ready;
        release.querySelector("[data-count]").textContent = `${told.ready} of ${told.total} instances ready`;
      }
      if (told.ended) {
        source.close();
        say(`The release ${told.word}.`);
        location.reload();
      }
    },
  );
}

// What goes on by itself is looked at again, while somebody looks.
if (document.querySelector("[data-look-again]") !== null) {
  setInterval(() => {
    if (!document.hidden) {
      location.reload();
    }
  }, 3000);
}

// The audit log as it grows.
const events = document.querySelector("[data-follow]");
if (events !== null) {
  const body = events.tBodies[0];
  const badge = document.getElementById("live");
  let newest = events.dataset.after;
  listen(
    () => {
      const query = new URLSearchParams(location.search);
      query.set("after", newest);
      return `${events.dataset.follow}?${query}`;
    },
    (told) => {
      if (body.querySelector(`[data-sequence="${told.sequence}"]`) !== null) {
        return;
      }
      newest = told.sequence;
      body.prepend(row(told));
      while (body.rows.length > 200) {
        body.deleteRow(-1);
      }
    },
    (isLive) => {
      badge.hidden = !isLive;
    },
  );
}

function element(name, text, className = "") {
  const made = document.createElement(name);
  made.textContent = text;
  made.className = className;
  return made;
}

function row(told) {
  const made = document.createElement("tr");
  made.dataset.sequence = told.sequence;
  made.className = "new";
  const cells = Array.from({ length: 6 }, () => made.insertCell());
  const time = element("time", told.at);
  time.dateTime = told.at;
  cells[0].append(time);
  cells[1].append(element("code", told.action));
  cells[2].append(told.actor, told.for ? element("span", ` for ${told.for}`, "quiet") : "");
  if (told.address) {
    cells[2].append(element("div", told.address, "quiet wide"));
  }
  if (told.app) {
    const link = element("a", told.app);
    link.href = `${location.pathname.replace("account/audit", "apps/")}${encodeURIComponent(told.app)}`;
    cells[3].append(link);
  }
  cells[4].className = "what";
  for (const target of told.targets) {
    cells[4].append(element("code", target), " ");
  }
  cells[5].append(element("span", told.outcome, `badge ${told.outcome === "ok" ? "quiet" : "bad"}`));
  return made;
}

// What goes on while somebody looks: a release as it rolls out, and the audit log as it grows.

import { loadAgain, say } from "./asking.js";

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
        loadAgain();
      }
    },
  );
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
  const itself = element("a", "", "plain");
  itself.href = `${events.dataset.follow}/${told.sequence}`;
  itself.append(time);
  cells[0].append(itself);
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

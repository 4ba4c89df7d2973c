// What goes on while somebody looks: a release as it rolls out, and the audit log as it grows.

import { loadAgain, say, tellLost } from "./asking.js";

// What goes on, told as it happens. A browser connects again by itself where a connection breaks, but not where the
// answer was a failure, as while the dashboard is started anew; then this does, after a while that grows. Whoever has been
// signed out meanwhile sees that at once.
const LONGEST_WAIT = 10_000; // milliseconds
const LOST = "The connection was lost, so what is here may be old. It goes on by itself as soon as it can.";
// For what is told when something ended to be heard before the page is loaded anew.
const HEARD_WITHIN = 2_000; // milliseconds

function listen(path, told, live = () => {}) {
  let wait = 500;
  let source;
  const begin = () => {
    source = new EventSource(path());
    source.addEventListener("open", () => {
      wait = 500;
      tellLost("");
      live(true);
    });
    source.addEventListener("message", (event) => told(JSON.parse(event.data), source));
    source.addEventListener("end", () => source.close());
    source.addEventListener("refused", (event) => {
      source.close();
      live(false);
      tellLost(JSON.parse(event.data).sentence);
    });
    source.addEventListener("error", () => {
      live(false);
      tellLost(LOST);
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
  let heard = "";
  listen(
    () => release.dataset.progress,
    (told, source) => {
      const state = release.querySelector("[data-state]");
      state.textContent = told.word;
      state.className = `badge ${told.kind}`;
      const bar = release.querySelector("[data-bar]");
      if (bar !== null) {
        // How many there are to be is not known before it has begun.
        bar.parentElement.hidden = told.total === 0;
        bar.max = Math.max(1, told.total);
        bar.value = told.ready;
        release.querySelector("[data-count]").textContent = `${told.ready} of ${told.total} instances ready`;
      }
      const members = release.querySelector("[data-members]");
      if (members !== null) {
        members.tBodies[0].replaceChildren(...told.members.map((each) => member(each, members.dataset.members)));
      }
      const sentence = told.ended ? `The release ${told.word}.` : soFar(told, members !== null);
      if (sentence !== heard) {
        heard = sentence;
        say(sentence);
      }
      if (told.ended) {
        source.close();
        setTimeout(loadAgain, HEARD_WITHIN);
      }
    },
  );
}

// How far it is: of a shared group's by its apps, of an app's by its instances.
function soFar(told, isGroup) {
  if (isGroup) {
    return `${told.members.filter((each) => each.kind === "good").length} of ${told.members.length} apps are released.`;
  }
  return `${told.ready} of ${told.total} instances are ready.`;
}

function member(told, apps) {
  const made = document.createElement("tr");
  const name = document.createElement("th");
  name.scope = "row";
  name.append(link(told.app, `${apps}${encodeURIComponent(told.app)}`));
  made.append(name);
  if (told.release) {
    made.insertCell().append(link(`v${told.release}`, `${apps}${encodeURIComponent(told.app)}/releases/${told.release}`));
  } else {
    made.insertCell();
  }
  made.insertCell().append(element("span", told.word, `badge ${told.kind}`));
  return made;
}

function link(text, address) {
  const made = element("a", text);
  made.href = address;
  return made;
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
      events.classList.remove("bare");
      document.getElementById("no-events")?.remove();
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
  const time = element("time", told.dated);
  time.dateTime = told.at;
  time.title = told.at;
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
  if (told.reason) {
    const reason = element("q", told.reason);
    reason.className = "reason";
    cells[4].append(reason);
  }
  cells[5].append(element("span", told.outcome, `badge ${told.outcome === "ok" ? "quiet" : "bad"}`));
  return made;
}

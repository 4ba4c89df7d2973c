// What a page shows goes with the session: when its time is over, or when somebody signs out in another tab. Each visit,
// in whichever tab, begins the time anew, and tabs tell each other (a channel of our own origin). Nothing is stored.

const WARNED = 120; // seconds before the end
const { secondsLeft, idleSeconds, endSeconds } = document.body.dataset;
const bar = document.getElementById("ending");
const longest = Date.now() + 1000 * Number(endSeconds);
const channel = new BroadcastChannel("paas-presence");
let end = Infinity;

function begin(seconds) {
  end = Math.min(longest, Date.now() + 1000 * seconds);
  bar.hidden = true;
}

// Somebody was here by what a script of this page sent.
export function visited() {
  if (secondsLeft !== undefined) {
    begin(Number(idleSeconds));
    channel.postMessage({ seconds: Number(idleSeconds) });
  }
}

function element(name, text, className = "") {
  const made = document.createElement(name);
  made.textContent = text;
  made.className = className;
  return made;
}

function hide(sentence) {
  clearInterval(looking);
  channel.close();
  const link = element("a", "Sign in again", "button primary");
  link.href = location.href;
  const notice = element("div", "", "notice");
  const last = element("p", "");
  last.append(link);
  notice.append(element("h1", "You are signed out"), element("p", sentence), last);
  const content = document.getElementById("content");
  content.replaceChildren(notice);
  for (const gone of document.querySelectorAll("header nav, details.account, #ending")) {
    gone.remove();
  }
  document.title = "Signed out · PaaS";
  content.focus();
}

function look() {
  const left = end - Date.now();
  if (left <= 0) {
    hide("Nobody did anything here for a while, so what this page showed is gone.");
  } else {
    bar.hidden = left > 1000 * WARNED;
  }
}

let looking;
if (secondsLeft !== undefined) {
  begin(Number(secondsLeft));
  looking = setInterval(look, 1000);
  // A machine that slept, and a page that comes out of the back of a browser.
  document.addEventListener("visibilitychange", look);
  channel.addEventListener("message", ({ data }) => {
    if (data.over) {
      hide("You signed out in another tab, so what this page showed is gone.");
    } else {
      begin(Number(data.seconds));
    }
  });
  channel.postMessage({ seconds: Number(secondsLeft) });
} else if (document.body.dataset.over !== undefined) {
  channel.postMessage({ over: true });
}

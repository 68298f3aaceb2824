/* <data-age read-at="SECONDS" [brief] [announce]>: how old the figures beside it are.
 *
 * Counts from one moment (Unix seconds), so the server sends nothing while time passes. It writes
 * into a shadow root, which keeps React's tree as React made it, and sets data-state (live, stale
 * or none) on itself for the style sheet. With `announce` it tells screen readers once when the
 * figures become old. */

const STALE_AFTER = 60;
const MINUTE = 60, HOUR = 3600, DAY = 86400;

let serverAhead = 0;  // seconds; the visitor's clock may be wrong, ours decides

async function readServerClock() {
  const asked = Date.now();
  const answer = await fetch("/age.js", { method: "HEAD", cache: "no-store" });
  const date = Date.parse(answer.headers.get("date") ?? "");
  const ahead = (date - (asked + Date.now()) / 2) / 1000;
  if (Math.abs(ahead) > 2) serverAhead = ahead;  // the header counts whole seconds
}

function span(seconds) {
  if (seconds < MINUTE) return `${Math.floor(seconds)}\u00a0s`;
  if (seconds < HOUR) return `${Math.floor(seconds / MINUTE)}\u00a0min`;
  return `${Math.floor(seconds / HOUR)}\u00a0h`;
}

function moment(seconds, withDay) {
  const at = new Date(seconds * 1000);
  const time = at.toISOString().slice(11, 16);
  const month = at.toLocaleString("en", { month: "short", timeZone: "UTC" });
  return withDay ? `${at.getUTCDate()} ${month} ${time}` : time;
}

class DataAge extends HTMLElement {
  static observedAttributes = ["read-at"];
  static shown = new Set();

  constructor() {
    super();
    const root = this.attachShadow({ mode: "open" });
    root.innerHTML = `<span></span><span role="status" style="position:absolute;width:1px;height:1px;
      overflow:hidden;clip-path:inset(50%)"></span>`;
    [this.words, this.news] = root.children;
  }

  connectedCallback() { DataAge.shown.add(this); this.count(); }
  disconnectedCallback() { DataAge.shown.delete(this); }
  attributeChangedCallback() { this.count(); }

  count() {
    const readAt = Number(this.getAttribute("read-at"));
    const age = Math.max(Date.now() / 1000 + serverAhead - readAt, 0);
    const state = !readAt ? "none" : age < STALE_AFTER ? "live" : "stale";
    this.write(this.words, this.text(state, readAt, age));
    if (this.hasAttribute("announce") && state !== this.dataset.state) {
      this.write(this.news, state === "stale" ? `Figures are from ${moment(readAt, false)} UTC` : "");
    }
    this.dataset.state = state;
  }

  text(state, readAt, age) {
    if (state === "none") return "no answer yet";
    if (state === "live") return `live \u00b7 ${span(age)} ago`;
    const asOf = `as of ${moment(readAt, age >= DAY)}`;
    return this.hasAttribute("brief") || age >= DAY ? asOf : `${asOf} \u00b7 ${span(age)} old`;
  }

  write(node, text) { if (node.textContent !== text) node.textContent = text; }
}

if (!customElements.get("data-age")) {
  customElements.define("data-age", DataAge);
  const countAll = () => DataAge.shown.forEach((age) => age.count());
  setInterval(countAll, 1000);
  document.addEventListener("visibilitychange", countAll);
  readServerClock().then(countAll, () => {});
}

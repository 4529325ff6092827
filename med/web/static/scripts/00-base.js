// Everything the script does stands on a plain form or link that works without it.
// The files are put after one another, each in a block of its own; what they share hangs on globalThis.med.

document.documentElement.classList.add("js");

const page = document.documentElement;
const texts = document.getElementById("texts")?.dataset ?? {};
const locale = page.lang === "en" ? "en-GB" : "da-DK";

/** A sentence in the reader's language, with {names} filled in. */
function text(key, values = {}) {
  return (texts[key] ?? "").replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

/** Tell a screen reader. Emptied first, so that the same words twice are read twice. */
function say(words) {
  const region = document.getElementById("announce");
  if (!region || !words) {
    return;
  }
  region.textContent = "";
  setTimeout(() => {
    region.textContent = words;
  }, 50);
}

/** What the server wants said about its answer. */
function saying(response) {
  return decodeURIComponent(response.headers.get("X-Say") ?? "");
}

/** An element with attributes and contents. */
function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

/** A new UUID for "this submit, once". (crypto.randomUUID is missing on plain http.) */
function once() {
  const random = (digit) => (digit ^ (crypto.getRandomValues(new Uint8Array(1))[0] & (15 >> (digit / 4)))).toString(16);
  return "10000000-1000-4000-8000-100000000000".replace(/[018]/g, random);
}

// Behaviours that sit on an element must also reach elements that arrive later.
const behaviours = [];

/** Run setUp once for each element that matches, those here now and those that come. */
function whenever(selector, setUp) {
  const behaviour = { selector, setUp, seen: new WeakSet() };
  behaviours.push(behaviour);
  enliven(behaviour);
}

function enliven({ selector, setUp, seen }) {
  for (const found of document.querySelectorAll(selector)) {
    if (!seen.has(found)) {
      seen.add(found);
      setUp(found);
    }
  }
}

/** Put HTML from the server into the page and keep the focus where it was. how: replace, inside, prepend, append. */
function put(target, html, how = "replace") {
  if (!target) {
    return;
  }
  const focused = target.contains(document.activeElement) ? document.activeElement.id : "";
  const arrived = document.createRange().createContextualFragment(html);
  const first = arrived.firstElementChild;
  if (how === "prepend" || how === "append") {
    target[how](arrived);
    first?.classList.add("is-fresh");
  } else if (how === "inside") {
    target.replaceChildren(arrived);
  } else {
    target.replaceWith(arrived);
  }
  behaviours.forEach(enliven);
  const next = html.includes("data-errors") ? document.querySelector("[data-errors]") : document.getElementById(focused);
  next?.focus();
}

/** Ask the server for a fragment. */
function ask(url, options = {}) {
  return fetch(url, {
    credentials: "same-origin",
    ...options,
    headers: { "X-Fragment": "1", Accept: "text/html" },
  });
}

/** "9.31" */
function clock() {
  return new Date().toLocaleTimeString(locale, { hour: "numeric", minute: "2-digit" });
}

globalThis.med = { text, say, saying, element, once, whenever, put, ask, clock, locale };

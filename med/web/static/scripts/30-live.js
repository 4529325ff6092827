// [data-live="/address"]: readers follow the meeting. Without the stream the page is simply the page.
const { text, say, element, whenever, put, filledIn } = globalThis.med;

const FIRST_WAIT = 5000;
const LONGEST_WAIT = 60_000;

/** Is somebody in the middle of something in here? (A list to choose from has no default value: it always is.) */
function inUse(place) {
  const field = document.activeElement;
  return place.contains(field) && field.matches("input, textarea, select") && field.value !== field.defaultValue;
}

function live(place) {
  const waiting = new Map();
  const changed = element("p", { class: "notice is-warn", role: "alert" }, place.dataset.changed);
  let stream = null;
  let last = "";
  let wait = FIRST_WAIT;
  let timer = 0;

  function state(name, words) {
    for (const pill of document.querySelectorAll("[data-live-state]")) {
      pill.dataset.state = name;
      pill.textContent = words;
    }
  }

  function show(message) {
    const target = document.getElementById(message.id);
    if (!target) {
      return;
    }
    if (inUse(target)) {
      waiting.set(message.id, message);
      return;
    }
    put(target, message.html);
    say(message.say);
  }

  function showWaiting() {
    for (const [id, message] of [...waiting]) {
      waiting.delete(id);
      show(message);
    }
  }

  function received(event) {
    last = event.lastEventId;
    show(JSON.parse(event.data));
  }

  function reload() {
    const form = filledIn();
    if (!form && inUse(document.body)) {
      document.addEventListener("focusout", reload, { once: true });
      return;
    }
    close();
    if (form) {
      form.append(changed);
    } else {
      location.reload();
    }
  }

  function opened() {
    wait = FIRST_WAIT;
    state("on", text("following"));
  }

  function failed() {
    state("off", text(place.isConnected ? "reconnecting" : "paused"));
    // The browser tries again by itself, unless the server refused.
    if (stream?.readyState === EventSource.CLOSED) {
      stream = null;
      timer = setTimeout(open, wait);
      wait = Math.min(wait * 2, LONGEST_WAIT);
    }
  }

  function open() {
    clearTimeout(timer);
    if (stream || document.hidden || !place.isConnected) {
      return;
    }
    const address = new URL(place.dataset.live, location.href);
    if (last) {
      address.searchParams.set("efter", last);
    }
    stream = new EventSource(address);
    stream.addEventListener("open", opened);
    stream.addEventListener("error", failed);
    stream.addEventListener("html", received);
    stream.addEventListener("reload", reload);
  }

  // A browser allows six connections to a server; a hidden tab gives its own back.
  function close() {
    clearTimeout(timer);
    stream?.close();
    stream = null;
    state("paused", text("paused"));
  }

  document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
  window.addEventListener("pagehide", close);
  window.addEventListener("pageshow", open);
  // After the focus has moved on.
  document.addEventListener("focusout", () => setTimeout(showWaiting));
  open();
}

whenever("[data-live]", live);

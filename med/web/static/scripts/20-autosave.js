// form[data-autosave]: what is written in the meeting is saved as it is written.
// One save at a time; a stale version never overwrites; what could not be saved stays on the device.
const { text, say, saying, element, once, whenever, put, ask, clock } = globalThis.med;

const PAUSE = 800;
const LONGEST_WAIT = 60_000;
const DRAFT_LIVES = 14 * 24 * 3600 * 1000;
const PREFIX = "med-kladde:";

/** localStorage may be full or refused; the text is then still in its field. */
function onDevice(action) {
  try {
    return action(localStorage);
  } catch {
    return null;
  }
}

function readDraft(key) {
  return onDevice((store) => JSON.parse(store.getItem(key)));
}

function writeDraft(key, draft) {
  onDevice((store) => store.setItem(key, JSON.stringify({ ...draft, at: Date.now() })));
}

function forgetDraft(key) {
  onDevice((store) => store.removeItem(key));
}

function forgetOldDrafts() {
  const keys = onDevice(Object.keys) ?? [];
  for (const key of keys) {
    if (key.startsWith(PREFIX) && Date.now() - readDraft(key)?.at > DRAFT_LIVES) {
      forgetDraft(key);
    }
  }
}

/** Follow places in one text into another. Returns find(place) → {place, exact}.
    A line is found by the nearest line above it that stands once in both texts; exact when all between is the same. */
function follow(before, after) {
  // The text's own beginning is such a line.
  const a = ["\x00", ...before.split("\n")];
  const b = ["\x00", ...after.split("\n")];

  function only(lines, line) {
    const first = lines.indexOf(line);
    return first === lines.lastIndexOf(line) ? first : -1;
  }
  return function find(place) {
    const above = before.slice(0, place).split("\n");
    const line = above.length;
    let sure = line;
    while (only(a, a[sure]) < 0 || only(b, a[sure]) < 0) {
      sure -= 1;
    }
    const there = only(b, a[sure]);
    const far = line - sure + 1;
    const exact = a.slice(sure, line + 1).join("\n") === b.slice(there, there + far).join("\n");
    const lines = b.slice(1, there + far);
    const column = Math.min(above.at(-1).length, lines.at(-1).length);
    return { place: lines.join("\n").length - lines.at(-1).length + column, exact };
  };
}

/** What was typed while the save was under way, put into the merged text. null when both touched the same lines. */
function carryOver(sent, now, merged) {
  const shortest = Math.min(sent.length, now.length);
  let start = 0;
  while (start < shortest && sent[start] === now[start]) {
    start += 1;
  }
  let tail = 0;
  while (tail < shortest - start && sent.at(-1 - tail) === now.at(-1 - tail)) {
    tail += 1;
  }
  const find = follow(sent, merged);
  const from = find(start);
  const to = find(sent.length - tail);
  const replaced = sent.slice(start, sent.length - tail);
  if (!from.exact || !to.exact || merged.slice(from.place, to.place) !== replaced) {
    return null;
  }
  return merged.slice(0, from.place) + now.slice(start, now.length - tail) + merged.slice(to.place);
}

/** Change the text and leave caret, selection and scroll where the writer had them. */
function setText(area, words) {
  const find = follow(area.value, words);
  const from = find(area.selectionStart).place;
  const to = find(area.selectionEnd).place;
  const { scrollTop } = area;
  area.value = words;
  if (document.activeElement === area) {
    area.setSelectionRange(from, to);
  }
  area.scrollTop = scrollTop;
}

function autosave(form) {
  const area = form.querySelector("textarea");
  const output = form.querySelector("output");
  const { version } = form.elements;
  const address = form.getAttribute("action");
  const key = `${PREFIX}${document.documentElement.dataset.person}:${address}`;
  let timer = 0;
  let wait = 0;
  let sending = null;
  let conflict = false;
  // A save whose answer never came. It is sent again word for word, with the same key, before anything newer:
  // if it did arrive the first time, the server gives the same answer again, and not a conflict with oneself.
  let unanswered = null;

  function contents() {
    const data = new URLSearchParams(new FormData(form));
    ["version", "csrf", "idem"].forEach((name) => data.delete(name));
    return data.toString();
  }
  let known = contents();

  function state(kind, words) {
    output.dataset.state = kind;
    output.textContent = words;
  }

  function unsaved() {
    return unanswered || contents() !== known;
  }

  function keep(more) {
    writeDraft(key, { words: area.value, version: version.value, ...more });
  }

  function plan(delay) {
    clearTimeout(timer);
    timer = setTimeout(save, delay);
  }

  function takeMerged(merged, sent) {
    const both = area.value === sent.words ? merged : carryOver(sent.words, area.value, merged);
    if (both === null) {
      // The version stays the old one, so that the next save is merged again, or asked about.
      return false;
    }
    setText(area, both);
    if (both === merged) {
      known = contents();
    }
    return true;
  }

  async function saved(response, sent) {
    const isMerged = response.headers.get("X-Merged") === "1";
    const merged = isMerged && (await response.text()).replace(/\r\n?/g, "\n");
    unanswered = null;
    wait = 0;
    known = sent.contents;
    if (!isMerged || takeMerged(merged, sent)) {
      version.value = response.headers.get("X-Version");
    }
    const words = text(isMerged ? "merged" : "saved", { kl: clock() });
    state("ok", words);
    // That it was saved is the normal thing and is not announced; what changed the text is.
    say(saying(response) || (isMerged && words));
    if (unsaved()) {
      plan(PAUSE);
    } else {
      forgetDraft(key);
    }
  }

  async function collided(response) {
    const box = document.getElementById(form.dataset.conflict);
    const theirs = response.headers.get("X-Version");
    conflict = true;
    refused(response, "conflict", { theirs });
    put(box, await response.text(), "inside");
    box.addEventListener("submit", () => keep({ theirs, resolving: true }));
  }

  function refused(response, reason, more) {
    const words = saying(response) || text(reason);
    unanswered = null;
    keep(more);
    state("bad", words);
    say(words);
  }

  async function send(sent, keepalive) {
    let response;
    try {
      response = await ask(address, { method: "POST", body: sent.body, keepalive });
    } catch {
      // The network: the same as a server that failed.
    }
    const status = response?.status ?? 503;
    if (status >= 500 || status === 429) {
      unanswered = sent;
      keep();
      state("bad", text("offline"));
      wait = Math.min(wait * 2 || 2000, LONGEST_WAIT);
      plan(wait);
    } else if (response.ok && response.headers.has("X-Version")) {
      await saved(response, sent);
    } else if (status === 409) {
      await collided(response);
    } else {
      // 401, 403, 404, or the page for logging in after a redirect. The next word typed tries again.
      refused(response, status === 413 || status === 422 ? "invalid" : "refused");
    }
  }

  async function save(keepalive = false) {
    clearTimeout(timer);
    if (sending || conflict || !unsaved()) {
      return;
    }
    const body = new URLSearchParams(new FormData(form));
    body.set("idem", once());
    state("", text("saving"));
    sending = send(unanswered ?? { body, words: area.value, contents: contents() }, keepalive);
    await sending;
    sending = null;
  }

  function typed() {
    if (conflict || wait) {
      keep({ theirs: readDraft(key)?.theirs });
    } else {
      plan(PAUSE);
    }
  }

  /** The page goes away, perhaps for good: a last save that outlives it, and the draft, should that fail. */
  function leave() {
    if (!conflict && unsaved()) {
      keep();
      save(true);
    }
  }

  function submitted(event) {
    const button = event.submitter;
    if (!button?.name && !button?.formAction) {
      event.preventDefault();
      save();
    } else if (sending) {
      // A button with a meaning of its own waits for the save under way, whose version it needs.
      event.preventDefault();
      sending.then(() => form.requestSubmit(button));
    } else {
      clearTimeout(timer);
      known = contents();
    }
  }

  let passing = false;

  /** Another form takes the page away: first the words, then that form. Once; what cannot be saved stays on the device. */
  async function goFirst(event) {
    const { target, submitter } = event;
    if (passing || conflict || target === form || event.defaultPrevented || !unsaved()) {
      return;
    }
    event.preventDefault();
    await sending;
    await save();
    if (!conflict) {
      passing = true;
      target.requestSubmit(submitter);
      passing = false;
    }
  }

  function offerDraft() {
    const draft = readDraft(key);
    if (!draft) {
      return;
    }
    if (draft.words === area.value || (draft.resolving && version.value !== draft.theirs)) {
      forgetDraft(key);
      return;
    }
    const restore = element("button", { type: "button", class: "btn btn--2" }, text("restore"));
    const discard = element("button", { type: "button", class: "btn btn--q" }, text("discard"));
    const buttons = element("div", { class: "buttons" }, restore, discard);
    const offer = element("div", { class: "notice is-warn", role: "status" }, text("draft"), buttons);
    offer.addEventListener("click", ({ target }) => {
      if (target === restore) {
        area.value = draft.words;
        // The version it was written on: the server then merges it, or shows both.
        version.value = draft.version;
        save();
      } else if (target === discard) {
        forgetDraft(key);
      } else {
        return;
      }
      offer.remove();
      area.focus();
    });
    form.prepend(offer);
  }

  offerDraft();
  form.addEventListener("input", typed);
  form.addEventListener("change", typed);
  form.addEventListener("submit", submitted);
  document.addEventListener("submit", goFirst);
  window.addEventListener("pagehide", leave);
  document.addEventListener("visibilitychange", () => document.hidden && leave());
  window.addEventListener("online", () => save());
}

forgetOldDrafts();
whenever("form[data-autosave]", autosave);

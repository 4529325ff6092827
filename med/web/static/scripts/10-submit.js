// Forms: confirm in two steps, answer with a fragment, never twice.
const { text, say, saying, element, once, put, ask } = globalThis.med;

const confirmed = new WeakSet();
const busy = new WeakSet();

/** form[data-confirm="Er du sikker?"]: the button gives way to a question with two buttons. */
function confirmFirst(event) {
  const form = event.target;
  if (form.dataset.confirm === undefined || confirmed.has(form)) {
    confirmed.delete(form);
    return;
  }
  event.preventDefault();
  event.stopImmediatePropagation();
  const asked = event.submitter ?? form.querySelector("button:not([type=button])");
  if (!asked || asked.hidden) {
    return;
  }
  const yes = element("button", { type: "button", class: "btn btn--danger" }, text("confirm", { navn: asked.textContent.trim() }));
  const no = element("button", { type: "button", class: "btn btn--q" }, text("undo"));
  const question = element("p", {}, form.dataset.confirm);
  const box = element("div", { class: "stack stack--s", role: "group" }, question, element("div", { class: "buttons" }, yes, no));

  function close() {
    box.remove();
    asked.hidden = false;
  }
  no.addEventListener("click", () => {
    close();
    asked.focus();
  });
  yes.addEventListener("click", () => {
    close();
    confirmed.add(form);
    form.requestSubmit(asked);
  });
  asked.hidden = true;
  asked.after(box);
  yes.focus();
  say(form.dataset.confirm);
}

function release(form, submitter) {
  busy.delete(form);
  submitter?.removeAttribute("aria-disabled");
}

/** Nothing came of it: say so beside the words, which stay. */
function complain(form, words) {
  form.prepend(element("p", { class: "notice is-bad", role: "alert", "data-failed": "" }, words || text("failed")));
}

async function sendForFragment(form, submitter) {
  const body = new URLSearchParams(new FormData(form, submitter));
  // Not form.action: that is the field, where one is named "action".
  const address = submitter?.getAttribute("formaction") ?? form.getAttribute("action") ?? "";
  const response = await ask(address, { method: "POST", body });
  if (response.redirected) {
    location.assign(response.url);
    return;
  }
  if (!response.ok && response.status !== 409 && response.status !== 422) {
    complain(form, saying(response));
    return;
  }
  if (response.ok && form.dataset.reset !== undefined) {
    form.reset();
  }
  // To a list only what succeeded is added; a refusal is the form itself once more.
  const { swap, how = "replace" } = form.dataset;
  if (response.ok || how === "replace") {
    put(document.getElementById(swap), await response.text(), how);
  } else {
    put(form, await response.text());
  }
  // The next submit of this form is another one.
  const key = form.elements.idem;
  if (key) {
    key.value = once();
  }
  say(saying(response));
}

async function submitted(event) {
  const form = event.target;
  const submitter = event.submitter;
  if (event.defaultPrevented) {
    return;
  }
  if (busy.has(form)) {
    event.preventDefault();
    return;
  }
  busy.add(form);
  form.querySelector(":scope > [data-failed]")?.remove();
  submitter?.setAttribute("aria-disabled", "true");
  if (form.dataset.swap === undefined) {
    // The next page is on its way. Should it never come, or should one come back, the button works again.
    setTimeout(() => release(form, submitter), 5000);
    return;
  }
  event.preventDefault();
  try {
    await sendForFragment(form, submitter);
  } catch {
    complain(form);
  }
  release(form, submitter);
}

document.addEventListener("submit", confirmFirst, true);
// On the window, so that a form's own listeners have had their say.
window.addEventListener("submit", submitted);

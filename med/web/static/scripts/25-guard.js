// [data-guard="You have filled in something in “{navn}”, …"]: of forms side by side, one is sent without the others' words.
// The first press says so and stays; the second one goes on.
const { element } = globalThis.med;

const warning = element("div", { class: "error", role: "alert" });
let pressed = null;

/** The first field that does not stand as the server has it. What came back with errors is not saved anywhere. */
function unsaved(form) {
  return [...form.elements].find(
    (field) =>
      field.id &&
      (form.dataset.unsaved !== undefined ||
        (field.options
          ? field.selectedIndex > 0 && !field.selectedOptions[0].defaultSelected
          : field.value !== field.defaultValue || field.checked !== field.defaultChecked)),
  );
}

function warn(event) {
  const { target, submitter } = event;
  if (event.defaultPrevented || !submitter || submitter === pressed) {
    return;
  }
  for (const form of document.querySelectorAll("[data-guard] form:not([data-autosave])")) {
    const field = form !== target && unsaved(form);
    if (field) {
      event.preventDefault();
      pressed = submitter;
      const name = form.closest("section, details").querySelector("h2, h3, summary").textContent;
      const [before, after] = form.closest("[data-guard]").dataset.guard.split("{navn}");
      warning.replaceChildren(before, element("a", { href: `#${field.id}` }, name), after);
      submitter.after(warning);
      return;
    }
  }
}

document.addEventListener("submit", warn);
document.addEventListener("input", () => {
  pressed = null;
  warning.remove();
});

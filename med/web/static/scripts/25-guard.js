// [data-guard="You have filled in something in “{navn}”, …"]: of forms side by side, one is sent, or a link followed, without
// the others' words. The first press says so and stays; the second one goes on.
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

/** The first form that somebody has filled in, but for one. */
function filledIn(but) {
  return [...document.querySelectorAll("[data-guard] form:not([data-autosave])")].find(
    (form) => form !== but && unsaved(form),
  );
}

function warn(event) {
  const way = event.submitter ?? event.target.closest("a[href]:not([href^='#'], [download])");
  if (event.defaultPrevented || !way || way === pressed || event.ctrlKey || event.metaKey || event.shiftKey) {
    return;
  }
  const form = filledIn(event.target.closest("form"));
  if (form) {
    event.preventDefault();
    pressed = way;
    const heading = form.closest("section, details").querySelector("h2, h3, summary");
    const [before, after] = form.closest("[data-guard]").dataset.guard.split("{navn}");
    warning.replaceChildren(before, element("a", { href: `#${unsaved(form).id}` }, heading.textContent), after);
    way.after(warning);
  }
}

document.addEventListener("submit", warn);
document.addEventListener("click", warn);
document.addEventListener("input", () => {
  pressed = null;
  warning.remove();
});

globalThis.med.filledIn = filledIn;

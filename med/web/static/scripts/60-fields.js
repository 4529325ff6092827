// Small help in fields: filters that submit themselves, how many characters are left, the date in words.
const { text, say, whenever, locale } = globalThis.med;

const FOCUS = "med-fokus";

/** form[data-auto]: a choice is enough. Texts and dates wait for the button: they change while being written. */
function submitOnChange(form) {
  let timer = 0;
  form.addEventListener("change", (event) => {
    if (!event.target.matches("select, [type=radio], [type=checkbox]")) {
      return;
    }
    // A moment, so that arrow keys can pass through the choices.
    clearTimeout(timer);
    timer = setTimeout(() => {
      sessionStorage.setItem(FOCUS, event.target.id);
      form.requestSubmit();
    }, 300);
  });
  // Who comes back meets the page as it was left, with the choice that led on from it.
  window.addEventListener("pageshow", (event) => event.persisted && form.reset());
}

/** A limit cuts a pasted text off without a word. The script lifts it, counts, and leaves the refusal to the server. */
function countCharacters(field) {
  const limit = field.maxLength;
  const left = document.createElement("p");
  let timer = 0;
  left.className = "left";
  left.setAttribute("role", "status");
  field.removeAttribute("maxlength");
  field.after(left);

  function count() {
    const remaining = limit - [...field.value].length;
    left.classList.toggle("is-bad", remaining < 0);
    left.textContent = remaining > limit * 0.2 ? "" : text(remaining < 0 ? "over" : "left", { n: Math.abs(remaining) });
  }
  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(count, 400);
  });
  field.form?.addEventListener("reset", () => setTimeout(count));
  count();
}

/** button[data-copy="id of the field"]. Where the browser keeps the clipboard closed, the words stand marked. */
function copyField(button) {
  const field = document.getElementById(button.dataset.copy);
  button.addEventListener("click", async () => {
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
      say(text("copied"));
      button.textContent = text("copied");
    } catch {
      field.focus();
    }
  });
}

/** time[data-words="id of the date field"] */
function writeInWords(time) {
  const field = document.getElementById(time.dataset.words);
  const format = new Intl.DateTimeFormat(locale, { weekday: "long", day: "numeric", month: "long", year: "numeric" });

  function write() {
    const date = field.valueAsDate;
    // While a year is being written it passes through the first century.
    const ready = date && date.getFullYear() > 1900;
    time.dateTime = ready ? field.value : "";
    // The field gives midnight in UTC.
    time.textContent = ready ? format.format(new Date(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate())) : "";
  }
  field?.addEventListener("input", write);
  field?.form?.addEventListener("reset", () => setTimeout(write));
  if (field?.value) {
    write();
  }
}

/** details[data-opened-by="one two"]: what a choice asks for does not stay hidden once it is made. */
function openForChoice(details) {
  details.closest("form").addEventListener("change", (event) => {
    details.open ||= details.dataset.openedBy.split(" ").includes(event.target.value);
  });
}

whenever("form[data-auto]", submitOnChange);
whenever("[data-opened-by]", openForChoice);
whenever("input[maxlength], textarea[maxlength]", countCharacters);
whenever("time[data-words]", writeInWords);

// After a filter has fetched the page anew, go on where one was.
document.getElementById(sessionStorage.getItem(FOCUS))?.focus();
sessionStorage.removeItem(FOCUS);
whenever("[data-copy]", copyField);

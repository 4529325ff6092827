// The frame of the page: menus that close again, and the clock of the item under discussion.
const { text, whenever } = globalThis.med;

const TICK = 15_000;

function closeMenus(except) {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (menu !== except) {
      menu.open = false;
    }
  }
}

document.addEventListener("click", (event) => closeMenus(event.target.closest?.("details.menu")));
document.addEventListener("keydown", (event) => {
  const menu = document.activeElement?.closest?.("details.menu[open], details.confirm[open]");
  if (event.key === "Escape" && menu) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});
document.addEventListener("focusout", (event) => {
  const menu = event.target.closest?.("details.menu[open]");
  if (menu && event.relatedTarget && !menu.contains(event.relatedTarget)) {
    menu.open = false;
  }
});

/** [data-clock="seconds used when the page was made"][data-of="minutes"]. Counted from there: clocks differ. */
function runClock(clock) {
  const used = Number(clock.dataset.clock) || 0;
  const limit = clock.dataset.of;
  const start = performance.now();

  function tick() {
    const minutes = Math.floor((used + (performance.now() - start) / 1000) / 60);
    clock.textContent = text(limit ? "minutesOf" : "minutes", { n: minutes, m: limit });
    clock.classList.toggle("is-over", Boolean(limit) && minutes > Number(limit));
  }
  setInterval(tick, TICK);
  tick();
}

whenever("[data-clock]", runClock);

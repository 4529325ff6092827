// [data-reorder]: a list whose items hold the form.mv with an up and a down button.
// Alt + arrow and dragging by the handle send the same form with another place.
const { text, say, saying, element, once, whenever, put, ask } = globalThis.med;

function mover(item) {
  return item?.querySelector("form.mv");
}

function reorder(list) {
  const order = [...list.children];
  let busy = false;

  /** Ask the server to put item in place `to`; it answers with the whole list. */
  async function send(item, to, focus) {
    const title = item.querySelector(".agenda__title").textContent.trim();
    const body = new URLSearchParams(new FormData(mover(item)));
    body.set("to", to);
    body.set("idem", once());
    const response = await ask(mover(item).getAttribute("action"), { method: "POST", body });
    if (!response.ok) {
      throw new Error(saying(response));
    }
    put(list, await response.text());
    say(saying(response) || text("moved", { navn: title, n: to + 1, m: order.length }));
    const moved = document.getElementById(list.id)?.querySelector(`[data-id="${CSS.escape(item.dataset.id)}"]`);
    // At the top there is no "up" any more: then the other button.
    const next = moved?.querySelector(`${focus}:not([disabled])`) ?? moved?.querySelector(".mv button:not([disabled])");
    next?.focus();
  }

  async function move(item, to, focus) {
    if (busy || !mover(item) || !mover(order[to])) {
      return;
    }
    busy = true;
    try {
      await send(item, to, focus);
    } catch (refusal) {
      list.append(...order);
      say(refusal.message || text("failed"));
    }
    busy = false;
  }

  list.addEventListener("submit", (event) => {
    if (event.target.matches(".mv")) {
      event.preventDefault();
      const { value, dataset } = event.submitter;
      move(event.target.closest("li"), Number(value), `[data-way=${dataset.way}]`);
    }
  });

  list.addEventListener("keydown", (event) => {
    const way = { ArrowUp: "up", ArrowDown: "down" }[event.key];
    const item = order.find((one) => one.contains(event.target));
    if (event.altKey && way && mover(item) && !event.target.matches("input, select, textarea")) {
      event.preventDefault();
      const focus = event.target.matches("button") ? `[data-way=${way}]` : "a.agenda__title";
      move(item, order.indexOf(item) + (way === "up" ? -1 : 1), focus);
    }
  });

  function addHandle(item) {
    const handle = element("span", { class: "grip", title: text("drag"), "aria-hidden": "true" }, "⠿");
    let held = false;

    function drag({ clientY, pointerId }) {
      if (!held) {
        return;
      }
      // Only past items that can be moved themselves.
      for (const other of [item.previousElementSibling, item.nextElementSibling].filter(mover)) {
        const { top, height } = other.getBoundingClientRect();
        const middle = top + height / 2;
        if (other === item.previousElementSibling && clientY < middle) {
          other.before(item);
        } else if (other === item.nextElementSibling && clientY > middle) {
          other.after(item);
        }
      }
      // An element that changes place lets go of the pointer.
      handle.setPointerCapture(pointerId);
    }

    function drop(event) {
      const to = [...list.children].indexOf(item);
      held = false;
      item.classList.remove("is-dragged");
      if (event.type === "pointercancel") {
        list.append(...order);
      } else if (to !== order.indexOf(item)) {
        move(item, to, "a.agenda__title");
      }
    }

    handle.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      handle.setPointerCapture(event.pointerId);
      held = true;
      item.classList.add("is-dragged");
    });
    handle.addEventListener("pointermove", drag);
    handle.addEventListener("pointerup", drop);
    handle.addEventListener("pointercancel", drop);
    item.append(handle);
  }

  order.filter(mover).forEach(addHandle);
}

whenever("[data-reorder]", reorder);

// The script of all pages: keeps them up to date, sends marks, takes dropped files.
"use strict";

const key = document.querySelector("meta[name=session-key]")?.content ?? "";
const lost = document.getElementById("lost");
// Elements that are being asked for, and whether they changed meanwhile.
const asked = new Map();

// Makes a node the same as another one, and leaves in place what is the same already: a
// click or the focus is not lost because something else changed.
function sync(node, other) {
  if (node.isEqualNode(other)) {
    return;
  }
  if (node.nodeType !== Node.ELEMENT_NODE || node.nodeName !== other.nodeName || node.id !== other.id) {
    node.replaceWith(other.cloneNode(true));
    return;
  }
  for (const { name } of [...node.attributes]) if (!other.hasAttribute(name)) node.removeAttribute(name);
  for (const { name, value } of other.attributes) node.setAttribute(name, value);
  if (node.nodeName === "INPUT") node.checked = other.checked;
  syncChildren(node, other);
}

function syncChildren(node, other) {
  const [own, others] = [[...node.childNodes], [...other.childNodes]];
  own.slice(others.length).forEach((it) => it.remove());
  others.forEach((it, place) => (own[place] ? sync(own[place], it) : node.append(it.cloneNode(true))));
}

// Replaces what an element shows, and keeps the focus.
function show(element, text) {
  const focused = element.contains(document.activeElement) ? document.activeElement.id : "";
  syncChildren(element, new DOMParser().parseFromString(`<div>${text}</div>`, "text/html").body.firstChild);
  if (focused && document.activeElement?.id !== focused) {
    document.getElementById(focused)?.focus({ preventScroll: true });
  }
}

async function refresh(element) {
  if (asked.has(element)) {
    asked.set(element, true);
    return;
  }
  asked.set(element, false);
  try {
    const response = await fetch(element.dataset.live);
    if (response.ok) {
      show(element, await response.text());
    } else if (response.status === 401) {
      location.reload();
    }
  } catch {
    // The stream of events tells when the connection is back.
  }
  const again = asked.get(element);
  asked.delete(element);
  if (again) refresh(element);
}

function refreshAll(kind) {
  document.querySelectorAll(`[data-live][data-on~=${kind}]`).forEach(refresh);
}

// A browser has few connections to one server: only the page that is seen holds one.
let events = null;
function listen() {
  if (document.hidden) {
    events?.close();
    events = null;
    return;
  }
  if (events) return;
  events = new EventSource("/live/events");
  for (const kind of ["devices", "job", "look", "found"]) {
    events.addEventListener(kind, () => refreshAll(kind));
  }
  events.onopen = () => {
    lost.hidden = true;
  };
  events.onerror = () => {
    lost.hidden = false;
    if (events?.readyState === EventSource.CLOSED) {
      // The browser does not try again by itself.
      events = null;
      setTimeout(listen, 2000);
    }
  };
}
document.addEventListener("visibilitychange", listen);
listen();

document.addEventListener("change", (event) => {
  const number = event.target.dataset?.mark;
  if (number === undefined) return;
  const query = new URLSearchParams({ number, on: event.target.checked });
  fetch(`/live/mark?${query}`, { method: "POST", headers: { "x-session-key": key } });
});

// A form is sent once, however often its button is pressed.
document.addEventListener("submit", (event) => {
  if (event.target.method !== "post") return;
  if (event.target.dataset.sent) event.preventDefault();
  event.target.dataset.sent = "true";
});
// A page that the browser kept may be shown again by its back button.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});

document.querySelectorAll("form.drop").forEach((form) => {
  const input = form.querySelector("input[type=file]");
  if (!input) return;
  form.addEventListener("dragover", (event) => {
    event.preventDefault();
    form.classList.add("over");
  });
  form.addEventListener("dragleave", () => form.classList.remove("over"));
  form.addEventListener("drop", (event) => {
    event.preventDefault();
    form.classList.remove("over");
    input.files = event.dataTransfer.files;
  });
});

// @ts-check
/**
 * Attach each behaviour to what asks for it by a data attribute; load only what the page uses.
 * A module exports `attach(element)`. New parts swapped in by htmx are attached too.
 */

/** @type {Array<[string, () => Promise<{attach: (element: any) => void}>]>} */
const behaviours = [
  ["[data-copy]", () => import("./copy.js")],
  ["[data-due]", () => import("./countdown.js")],
  ["[data-dialog], [data-close], dialog[data-open], [data-toast], [data-focus]", () => import("./boxes.js")],
  ["form[data-once]", () => import("./once.js")],
  ["form[data-draft]", () => import("./draft.js")],
  ["[data-photos]", () => import("./photos.js")],
  ["[data-place]", () => import("./geolocate.js")],
  ["[data-map]", () => import("./map.js")],
  ["[data-key], [data-keys]", () => import("./keys.js")],
  ["[data-print]", () => import("./print.js")],
];

const seen = new WeakMap();

/** @param {ParentNode} root */
function attachAll(root) {
  for (const [selector, load] of behaviours) {
    const found = [...root.querySelectorAll(selector)];
    if (root instanceof Element && root.matches(selector)) found.unshift(root);
    const fresh = found.filter((element) => !(seen.get(element) || []).includes(selector));
    if (!fresh.length) continue;
    for (const element of fresh) seen.set(element, [...(seen.get(element) || []), selector]);
    load().then(({ attach }) => fresh.forEach((element) => attach(element)));
  }
}

attachAll(document);
document.addEventListener("htmx:load", (event) => {
  if (event.target instanceof Element) attachAll(event.target);
});

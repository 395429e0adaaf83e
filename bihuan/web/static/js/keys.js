// @ts-check
/**
 * Keys of the desk. data-key="/" on anything: that key focuses an input, presses a button or
 * follows a link. data-keys on a table: J and K go down and up its rows' first links, E opens.
 * Silent while somebody types.
 */

/** @param {HTMLElement} element */
export function attach(element) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || typing(event.target)) return;
    if (!element.isConnected || document.querySelector("dialog[open]")) return;
    if (element.dataset.keys !== undefined) walk(element, event);
    if (event.key.toLowerCase() !== element.dataset.key) return;
    event.preventDefault();
    if (element instanceof HTMLInputElement) element.focus();
    else element.click();
  });
}

/** @param {EventTarget | null} target */
function typing(target) {
  return target instanceof Element && target.matches("input:not([type=checkbox]), textarea, select, [contenteditable]");
}

/** @param {HTMLElement} table @param {KeyboardEvent} event */
function walk(table, event) {
  const key = event.key.toLowerCase();
  if (!["j", "k"].includes(key)) return;
  const links = /** @type {HTMLElement[]} */ ([...table.querySelectorAll("tbody tr")]
    .map((row) => row.querySelector("a"))
    .filter((link) => link));
  const at = links.findIndex((link) => link.closest("tr")?.contains(document.activeElement));
  const next = links[key === "j" ? Math.min(at + 1, links.length - 1) : Math.max(at - 1, 0)];
  if (!next) return;
  event.preventDefault();
  next.focus();
  next.scrollIntoView({ block: "nearest" });
}

// @ts-check
/** Print the page when pressed (data-print); shown only where scripts run. */

/** @param {HTMLButtonElement} button */
export function attach(button) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}

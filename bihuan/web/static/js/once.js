// @ts-check
/** Send a form once: after the first press its buttons rest until the page changes. */

/** @param {HTMLFormElement} form */
export function attach(form) {
  /** @returns {HTMLButtonElement[]} */
  const buttons = () =>
    [...document.querySelectorAll("button")].filter((b) => b.form === form && b.type === "submit");
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent === "yes") {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "yes";
    // After this turn, so that the pressed button's own name and value still go along.
    window.setTimeout(() => buttons().forEach((button) => (button.disabled = true)));
  });
  window.addEventListener("pageshow", () => {
    delete form.dataset.sent;
    buttons().forEach((button) => (button.disabled = false));
  });
}

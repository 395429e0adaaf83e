// @ts-check
/**
 * Dialogs, toasts, and where the eye should go first.
 * data-dialog="id" opens that <dialog>, data-close closes the one around it, data-open on a
 * dialog opens it at once (its form had errors). data-toast goes after 8 seconds unless
 * somebody is on it. data-focus takes the focus when it appears.
 */

/** @param {HTMLElement} element */
export function attach(element) {
  if (element.dataset.dialog !== undefined) opener(element);
  if (element.dataset.close !== undefined) {
    element.addEventListener("click", () => element.closest("dialog")?.close());
  }
  if (element instanceof HTMLDialogElement && element.dataset.open !== undefined) open(element);
  if (element.dataset.toast !== undefined) toast(element);
  if (element.dataset.focus !== undefined) element.focus();
}

/** @param {HTMLElement} button */
function opener(button) {
  button.addEventListener("click", (event) => {
    const box = document.getElementById(button.dataset.dialog || "");
    if (!(box instanceof HTMLDialogElement)) return;
    event.preventDefault();
    open(box);
  });
}

/** @param {HTMLDialogElement} box */
function open(box) {
  if (typeof box.showModal !== "function") {
    box.setAttribute("open", "");
    return;
  }
  if (!box.open) box.showModal();
  box.addEventListener("click", (event) => {
    if (event.target === box) box.close();
  });
}

/** @param {HTMLElement} line */
function toast(line) {
  let left = 8;
  const timer = window.setInterval(() => {
    if (line.matches(":hover") || line.contains(document.activeElement)) return;
    left -= 1;
    if (left > 0) return;
    window.clearInterval(timer);
    line.remove();
  }, 1000);
}

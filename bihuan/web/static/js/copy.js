// @ts-check
/** Copy the text of data-copy when pressed, and say so (data-done) for two seconds. */

/** @param {HTMLButtonElement} button */
export function attach(button) {
  const words = button.querySelector("span");
  if (!words) return;
  const before = words.textContent;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await put(button.dataset.copy || "");
    words.textContent = button.dataset.done || "";
    window.setTimeout(() => (words.textContent = before), 2000);
  });
}

/**
 * Put a text on the clipboard; where the page is not secure, by the old command.
 * @param {string} text
 */
async function put(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const box = document.createElement("textarea");
    box.className = "vh";
    box.value = text;
    document.body.append(box);
    box.select();
    document.execCommand("copy");
    box.remove();
  }
}

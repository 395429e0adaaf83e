// @ts-check
/**
 * Keep what was typed into a form on this device until it is sent.
 * data-draft names the draft; data-draft-done on a later page (the result) throws it away.
 * Passwords, files and hidden fields are never kept; nothing older than a day comes back.
 * An element [data-draft-said] in the form tells the time, by its data-words ("{time} 已存本机").
 */

const DAY = 24 * 60 * 60 * 1000;

/** @param {HTMLFormElement} form */
export function attach(form) {
  const key = `draft:${form.dataset.draft}`;
  // A form the server gave back with errors is newer than any draft.
  if (!form.querySelector('[aria-invalid="true"]')) restore(form, key);
  let timer = 0;
  form.addEventListener("input", () => {
    window.clearTimeout(timer);
    timer = window.setTimeout(() => save(form, key), 500);
  });
  form.addEventListener("submit", () => {
    window.clearTimeout(timer);
    localStorage.removeItem(key);
  });
}

/** @param {HTMLFormElement} form */
function inputs(form) {
  return /** @type {HTMLInputElement[]} */ ([...form.elements]).filter(
    (input) => input.name && !["password", "file", "hidden", "submit", "button"].includes(input.type),
  );
}

/** @param {HTMLFormElement} form @param {string} key */
function save(form, key) {
  /** @type {Record<string, string>} */
  const kept = {};
  for (const input of inputs(form)) {
    if (input.type === "checkbox") kept[input.name] = input.checked ? "on" : "";
    else if (input.type !== "radio" || input.checked) kept[input.name] = input.value;
  }
  try {
    localStorage.setItem(key, JSON.stringify({ at: Date.now(), kept }));
    say(form, Date.now());
  } catch {
    // No room, or storage is off: the form works without.
  }
}

/** @param {HTMLFormElement} form @param {string} key */
function restore(form, key) {
  let draft;
  try {
    draft = JSON.parse(localStorage.getItem(key) || "null");
  } catch {
    return;
  }
  if (!draft || Date.now() - draft.at > DAY) return;
  for (const input of inputs(form)) {
    const value = draft.kept[input.name];
    if (value === undefined) continue;
    if (input.type === "checkbox") input.checked = value === "on";
    else if (input.type === "radio") input.checked = input.value === value;
    else if (!input.value) input.value = value;
  }
  say(form, draft.at);
}

/** @param {HTMLFormElement} form @param {number} at */
function say(form, at) {
  const said = /** @type {HTMLElement | null} */ (form.querySelector("[data-draft-said]"));
  if (!said) return;
  const time = new Date(at).toTimeString().slice(0, 5);
  said.hidden = false;
  said.textContent = (said.dataset.words || "{time}").replace("{time}", time);
}

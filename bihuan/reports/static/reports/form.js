// @ts-check
/**
 * The report form: what to photograph for the category chosen, and addresses while typing.
 * Without this the hint stays empty and the address is written by hand.
 */

const PAUSE = 250; // ms after the last key before the address book is asked

/** @param {HTMLElement} part */
function hints(part) {
  const said = /** @type {HTMLElement} */ (part.querySelector("[data-hint]"));
  const data = part.querySelector("script[type='application/json']");
  const words = JSON.parse(data?.textContent || "{}");
  part.addEventListener("change", (event) => {
    const input = /** @type {HTMLInputElement | HTMLSelectElement} */ (event.target);
    if (input.name === "category") said.textContent = words[input.value] || "";
  });
}

/** @param {HTMLElement} part */
function addresses(part) {
  const input = /** @type {HTMLInputElement | null} */ (part.querySelector("input[list]"));
  const list = part.querySelector("datalist");
  if (!input || !list) return;
  /** @type {Map<string, {lon: number | null, lat: number | null}>} */
  const known = new Map();
  let timer = 0;

  async function ask() {
    const words = input?.value.trim() || "";
    if (words.length < 2 || known.has(words)) return;
    const query = new URLSearchParams({ q: words });
    try {
      const answer = await fetch(`${part.dataset.addresses}?${query}`);
      if (!answer.ok) return;
      const found = (await answer.json()).addresses;
      list?.replaceChildren(
        ...found.map((/** @type {{text: string, lon: number, lat: number}} */ row) => {
          known.set(row.text, row);
          const option = document.createElement("option");
          option.value = row.text;
          return option;
        }),
      );
    } catch {
      // No network: the address is written by hand.
    }
  }

  input.addEventListener("input", () => {
    window.clearTimeout(timer);
    const row = known.get(input.value);
    const lon = /** @type {HTMLInputElement | null} */ (part.querySelector("[data-lon]"));
    if (row && row.lon !== null && lon && !lon.value) {
      const place = part.querySelector("[data-place]");
      const detail = { lon: row.lon, lat: row.lat, accuracy: 0 };
      place?.dispatchEvent(new CustomEvent("place:moved", { detail }));
      place?.dispatchEvent(new CustomEvent("place:found", { detail }));
      return;
    }
    timer = window.setTimeout(ask, PAUSE);
  });
}

document.querySelectorAll("[data-hints]").forEach((part) => hints(/** @type {HTMLElement} */ (part)));
document.querySelectorAll("[data-addresses]").forEach((part) => addresses(/** @type {HTMLElement} */ (part)));

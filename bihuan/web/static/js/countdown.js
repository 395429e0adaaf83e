// @ts-check
/**
 * Keep 还剩 and 超 true while a page stays open: each clock is said anew every 30 seconds.
 * The words come from the server's first saying, so that one catalogue serves both; a clock
 * that runs out while watched turns red and says data-over.
 */

const UNITS = /** @type {const} */ ({ day: 86400, hour: 3600, minute: 60 });

/** @param {HTMLElement} clock */
export function attach(clock) {
  const due = Date.parse(clock.dataset.due || "");
  const drift = Date.now() - (Number(document.body.dataset.at) || Date.now());
  if (Number.isNaN(due)) return;
  const before = due >= Date.now() - drift;
  const bar = clock.parentElement?.querySelector("progress");
  const from = Date.now();
  const used = bar ? bar.value : 0;
  const whole = due - from + drift;
  const timer = window.setInterval(() => {
    if (!clock.isConnected) return window.clearInterval(timer);
    const left = due - (Date.now() - drift);
    if (left >= 0 !== before) {
      clock.closest(".due")?.classList.add("is-red");
      clock.textContent = clock.dataset.over || clock.textContent;
      return window.clearInterval(timer);
    }
    clock.textContent = say(clock.textContent || "", Math.abs(left) / 1000);
    if (bar && before && whole > 0) bar.value = used + (100 - used) * (1 - Math.max(0, left) / whole);
  }, 30000);
}

/**
 * Put new figures into words the server said, when the shape (days and hours, hours and
 * minutes, minutes) is still the same; else leave the old words.
 * @param {string} words
 * @param {number} seconds
 */
function say(words, seconds) {
  const figures = words.match(/\d+/g) || [];
  const days = Math.floor(seconds / UNITS.day);
  const hours = Math.floor((seconds % UNITS.day) / UNITS.hour);
  const minutes = Math.floor((seconds % UNITS.hour) / UNITS.minute);
  const now = days ? [days, hours] : hours ? [hours, minutes] : [minutes];
  if (now.length !== figures.length || now.includes(0)) return words;
  let at = 0;
  return words.replace(/\d+/g, () => String(now[at++]));
}

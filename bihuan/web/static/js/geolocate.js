// @ts-check
/**
 * Ask the phone where it is and fill lon, lat and accuracy (WGS-84 degrees, metres).
 * Says in words how it went; refused, the address by hand is enough. Tells the map by the
 * event `place:found`, and hears `place:moved` from it when the pin is dragged.
 */

const ROUGH_METRES = 200; // above this the person is asked to look at the pin

/** @param {HTMLElement} place */
export function attach(place) {
  const said = /** @type {HTMLElement} */ (place.querySelector("[data-place-said]"));
  const ask = /** @type {HTMLButtonElement} */ (place.querySelector("[data-place-ask]"));
  const field = (/** @type {string} */ name) =>
    /** @type {HTMLInputElement} */ (place.querySelector(`[data-${name}]`));

  /** @param {string} words @param {"good" | "bad" | ""} how */
  function say(words, how) {
    said.hidden = false;
    said.classList.toggle("is-good", how === "good");
    said.classList.toggle("is-bad", how === "bad");
    /** @type {SVGElement} */ (said.querySelector("svg")).toggleAttribute("hidden", how !== "good");
    /** @type {HTMLElement} */ (said.querySelector("span")).textContent = words;
  }

  /** @param {number} lon @param {number} lat @param {number | null} accuracy */
  function fill(lon, lat, accuracy) {
    field("lon").value = lon.toFixed(6);
    field("lat").value = lat.toFixed(6);
    field("accuracy").value = accuracy === null ? "" : String(Math.round(accuracy));
  }

  function locate() {
    say(place.dataset.asking || "", "");
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        fill(coords.longitude, coords.latitude, coords.accuracy);
        const rough = coords.accuracy > ROUGH_METRES;
        const words = (rough ? place.dataset.rough : place.dataset.found) || "";
        say(words.replace("{n}", String(Math.round(coords.accuracy))), rough ? "bad" : "good");
        const detail = { lon: coords.longitude, lat: coords.latitude, accuracy: coords.accuracy };
        place.dispatchEvent(new CustomEvent("place:found", { detail }));
      },
      () => say(place.dataset.refused || "", "bad"),
      { enableHighAccuracy: true, timeout: 12000, maximumAge: 30000 },
    );
  }

  place.addEventListener("place:moved", (event) => {
    const { lon, lat } = /** @type {CustomEvent} */ (event).detail;
    fill(lon, lat, null);
    say(place.dataset.moved || "", "good");
  });

  // who fills this in is somewhere else: their own position says nothing
  if (place.dataset.now === "no") return;
  if (!("geolocation" in navigator)) {
    say(place.dataset.refused || "", "bad");
    return;
  }
  ask.hidden = false;
  ask.addEventListener("click", locate);
  if (!field("lon").value) locate();
}

// @ts-check
/**
 * A small map without a base map: the cells, and a pin one can drag or set by a press.
 * data-cells: address of the cells' GeoJSON (WGS-84). Leaflet is loaded only here. The map
 * stays hidden when the cells do not come, because the address field serves as well.
 * Inside [data-place] it hears `place:found` and tells `place:moved`; elsewhere it only shows
 * the pin of data-lon and data-lat.
 */

const BLUES = ["#cfdff7", "#dbe7fa", "#c3d7f5", "#e4edfb"];
const CLOSE = 15;

/** @param {HTMLElement} box */
export async function attach(box) {
  const place = box.closest("[data-place]");
  const [cells] = await Promise.all([fetchCells(box.dataset.cells || ""), loadLeaflet(box)]);
  if (!cells) return;
  box.hidden = false;
  const L = /** @type {any} */ (window).L;
  const map = L.map(box, { attributionControl: false, scrollWheelZoom: false });
  const layer = L.geoJSON(cells, { style: shade(), interactive: false }).addTo(map);
  if (layer.getLayers().length) map.fitBounds(layer.getBounds(), { padding: [8, 8] });
  else map.setView([36.45, 115.98], 10);
  nameCells(L, map, layer);
  const icon = L.divIcon({
    className: "place-pin",
    iconSize: [40, 40],
    iconAnchor: [20, 37],
    html: `<svg class="ico is-full" aria-hidden="true"><use href="${box.dataset.pin}"></use></svg>`,
  });
  /** @type {any} */
  let pin = null;
  /** @type {any} */
  let ring = null;

  /** @param {number} lat @param {number} lon */
  function put(lat, lon) {
    if (!pin) {
      pin = L.marker([lat, lon], { draggable: place !== null, keyboard: place !== null, icon, alt: box.dataset.pinWords, title: box.dataset.pinWords });
      pin.addTo(map).on("dragend", () => tell(pin.getLatLng()));
      return;
    }
    pin.setLatLng([lat, lon]);
  }

  /** @param {{lat: number, lng: number}} spot */
  function tell(spot) {
    if (ring) ring.remove();
    const detail = { lon: spot.lng, lat: spot.lat };
    place?.dispatchEvent(new CustomEvent("place:moved", { detail }));
  }

  const given = (/** @type {string} */ name) =>
    Number(place ? /** @type {any} */ (place.querySelector(`[data-${name}]`)).value : box.dataset[name]);
  if (given("lon") && given("lat")) {
    put(given("lat"), given("lon"));
    map.setView([given("lat"), given("lon")], CLOSE);
  }
  if (!place) return;
  map.on("click", (/** @type {any} */ event) => {
    put(event.latlng.lat, event.latlng.lng);
    tell(event.latlng);
  });
  place.addEventListener("place:found", (event) => {
    const { lon, lat, accuracy } = /** @type {CustomEvent} */ (event).detail;
    put(lat, lon);
    if (ring) ring.remove();
    ring = L.circle([lat, lon], { radius: accuracy, color: "#1a5fd0", weight: 1, fillOpacity: 0.16, interactive: false }).addTo(map);
    map.setView([lat, lon], CLOSE);
  });
}

/** Give one cell after another the next of four blues, so that borders are seen. */
function shade() {
  let n = 0;
  return () => ({ color: "#ffffff", weight: 1.5, fillColor: BLUES[n++ % BLUES.length], fillOpacity: 1 });
}

/**
 * Show each cell's number (the last three digits of its code) when one is near enough to read it.
 * @param {any} L @param {any} map @param {any} layer
 */
function nameCells(L, map, layer) {
  const names = L.layerGroup();
  layer.eachLayer((/** @type {any} */ cell) => {
    const code = cell.feature.properties?.code;
    const name = code && String(Number(code.slice(-3)));
    if (!name || !cell.getBounds().isValid()) return;
    const look = { permanent: true, direction: "center", pane: "shadowPane", className: "cell-name" };
    names.addLayer(L.tooltip(look).setLatLng(cell.getBounds().getCenter()).setContent(document.createTextNode(name)));
  });
  const turn = () => (map.getZoom() >= CLOSE ? names.addTo(map) : names.remove());
  map.on("zoomend", turn);
  turn();
}

/** @param {string} address */
async function fetchCells(address) {
  try {
    const answer = await fetch(address, { headers: { Accept: "application/geo+json" } });
    return answer.ok ? await answer.json() : null;
  } catch {
    return null;
  }
}

/** @param {HTMLElement} box @returns {Promise<void>} */
function loadLeaflet(box) {
  if ("L" in window) return Promise.resolve();
  const style = document.createElement("link");
  style.rel = "stylesheet";
  style.href = box.dataset.leafletCss || "";
  // Ours comes later in the page's order and so keeps the last word.
  document.head.prepend(style);
  return new Promise((done, fail) => {
    const script = document.createElement("script");
    script.src = box.dataset.leaflet || "";
    script.onload = () => done();
    script.onerror = fail;
    document.head.append(script);
  });
}

// @ts-check
/**
 * Show chosen photos, shrink them on the phone, let each be dropped, add to those chosen before.
 * A photo the browser cannot read (HEIC) is sent as it is. Long side at most 1600 px.
 */

const LONG_SIDE = 1600;
const QUALITY = 0.82;

/** @param {HTMLElement} part */
export function attach(part) {
  const input = /** @type {HTMLInputElement} */ (part.querySelector("input[type=file]"));
  const list = /** @type {HTMLElement} */ (part.querySelector("[data-photos-list]"));
  const count = /** @type {HTMLElement} */ (part.querySelector("[data-photos-count]"));
  const shape = /** @type {HTMLTemplateElement} */ (part.querySelector("template"));
  const max = Number(part.dataset.max) || 6;
  /** @type {File[]} */
  let kept = [];

  input.addEventListener("change", async () => {
    const chosen = [...(input.files || [])];
    const room = max - kept.length;
    kept = kept.concat(await Promise.all(chosen.slice(0, room).map(shrink)));
    show(chosen.length > room);
  });

  /** @param {boolean} tooMany */
  function show(tooMany) {
    const files = new DataTransfer();
    kept.forEach((file) => files.items.add(file));
    input.files = files.files;
    list.querySelectorAll("[data-photo]").forEach((old) => {
      const picture = old.querySelector("img");
      if (picture) URL.revokeObjectURL(picture.src);
      old.remove();
    });
    kept.forEach((file, at) => list.append(tile(file, at)));
    /** @type {HTMLElement} */ (input.parentElement).classList.toggle("is-full", kept.length >= max);
    count.textContent = kept.length ? words("countWords", kept.length) : "";
    if (tooMany) count.textContent += ` ${words("fullWords", kept.length)}`;
  }

  /** @param {File} file @param {number} at */
  function tile(file, at) {
    const item = /** @type {HTMLElement} */ (shape.content.cloneNode(true)).querySelector("li");
    if (!item) throw new Error("no shape");
    item.dataset.photo = "";
    const picture = /** @type {HTMLImageElement} */ (item.querySelector("img"));
    picture.src = URL.createObjectURL(file);
    picture.alt = words("altWords", at + 1);
    picture.addEventListener("error", () => {
      const name = document.createElement("span");
      name.className = "shot-word";
      name.textContent = file.name;
      picture.replaceWith(name);
    });
    const drop = /** @type {HTMLButtonElement} */ (item.querySelector("button"));
    drop.setAttribute("aria-label", words("dropWords", at + 1));
    drop.addEventListener("click", () => {
      kept.splice(at, 1);
      show(false);
      input.focus();
    });
    return item;
  }

  /** @param {string} name @param {number} n */
  function words(name, n) {
    const size = kept.reduce((sum, file) => sum + file.size, 0);
    return (part.dataset[name] || "")
      .replace("{n}", String(n))
      .replace("{max}", String(max))
      .replace("{size}", size < 1e6 ? `${Math.ceil(size / 1000)} KB` : `${(size / 1e6).toFixed(1)} MB`);
  }
}

/**
 * Draw a photo smaller, upright, as JPEG; the original when that fails or gains nothing.
 * @param {File} file
 * @returns {Promise<File>}
 */
async function shrink(file) {
  try {
    const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
    const scale = Math.min(1, LONG_SIDE / Math.max(picture.width, picture.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(picture.width * scale);
    canvas.height = Math.round(picture.height * scale);
    const brush = canvas.getContext("2d");
    if (!brush) return file;
    brush.drawImage(picture, 0, 0, canvas.width, canvas.height);
    const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", QUALITY));
    if (!(blob instanceof Blob) || blob.size >= file.size) return file;
    const name = file.name.replace(/\.\w+$/, "") + ".jpg";
    return new File([blob], name, { type: "image/jpeg", lastModified: file.lastModified });
  } catch {
    return file;
  }
}

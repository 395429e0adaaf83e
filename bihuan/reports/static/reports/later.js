// @ts-check
/** Show what waits in a template when its button is pressed; start.js then attaches to it. */

document.querySelectorAll("[data-later]").forEach((part) => {
  const button = part.querySelector("button");
  const shape = part.querySelector("template");
  if (!button || !shape || !(part instanceof HTMLElement)) return;
  button.hidden = false;
  button.addEventListener("click", () => {
    const into = part.dataset.into && part.parentElement?.querySelector(part.dataset.into);
    const shown = shape.content.firstElementChild?.cloneNode(true);
    if (!(shown instanceof HTMLElement)) return;
    if (into) into.prepend(shown);
    else part.before(shown);
    part.remove();
    // a part swapped in after the page was drawn, as htmx would say it
    (into || shown.parentElement)?.dispatchEvent(new CustomEvent("htmx:load", { bubbles: true }));
  });
});

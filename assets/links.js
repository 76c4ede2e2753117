/* Follows links between views without loading the page anew, and without scrolling: a choice
 * half way down the page leaves you where you are, unless it names what it shows (data-shows) and
 * that is out of sight. Without this file they are plain links. */
(() => {
  "use strict";

  function follow(event) {
    const link = event.target.closest?.("a[data-inside]");
    const plain = event.button === 0 && !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey);
    if (!link || !plain || event.defaultPrevented) return;
    event.preventDefault();
    const elsewhere = link.pathname !== window.location.pathname;
    if (link.href !== window.location.href) window.history.pushState({}, "", link.href);
    // What dcc.Location listens to, as dcc.Link sends it.
    window.dispatchEvent(new CustomEvent("_dashprivate_pushstate"));
    if (elsewhere) window.scrollTo(0, 0);
    else bringIntoSight(document.getElementById(link.dataset.shows));
  }

  function bringIntoSight(shown) {
    if (!shown) return;
    const { top, bottom } = shown.getBoundingClientRect();
    if (bottom < 0 || top > window.innerHeight) shown.scrollIntoView({ block: "start" });
  }

  /* In a grid the keyboard walks from cell to cell, and never into one: Enter presses its link. */
  function press(event) {
    if (event.key !== "Enter" || !event.target.matches?.(".ag-cell")) return;
    event.target.querySelector("a[data-inside]")?.click();
  }

  document.addEventListener("click", follow);
  document.addEventListener("keydown", press);
})();

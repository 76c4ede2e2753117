/* Whoever touches the form of an override keeps its breaker: without a choice in the address the
 * page shows the one that most needs a look, and that may be another with the next cycle. */
(() => {
  "use strict";

  const PANEL = "#breakers-override-content";

  function pin({ target }) {
    const form = target.closest?.(PANEL)?.querySelector("[data-breaker]");
    const { words } = window.seawall;
    const said = words.address();
    if (!form || said.has("episode") || said.get("breaker") === form.dataset.breaker) return;
    const search = words.searchWith({ breaker: form.dataset.breaker });
    // In place: one step back still leads to where he came from.
    window.history.replaceState({}, "", window.location.pathname + search + window.location.hash);
    // What dcc.Location listens to, as dcc.Link sends it.
    window.dispatchEvent(new CustomEvent("_dashprivate_pushstate"));
  }

  for (const touch of ["focusin", "click", "input"]) document.addEventListener(touch, pin);
})();

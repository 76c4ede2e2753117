/* Ties the browser's side together: what Dash calls, and where the address leads. The parts
 * are in seawall-*.js, which load before this file. */
(() => {
  "use strict";

  const { controls, live, people, state, words } = window.seawall;
  const root = document.documentElement;
  const set = (id, props) => window.dash_clientside.set_props(id, props);
  const same = () => window.dash_clientside.no_update;

  // -- changed numbers hold a tint ----------------------------------------------------------

  function markChanged(mutations) {
    for (const mutation of mutations) {
      const cell = mutation.target.parentElement?.closest(".sw-num");
      if (!cell) continue;
      cell.classList.add("sw-changed");
      window.clearTimeout(cell.swTimer);
      cell.swTimer = window.setTimeout(() => cell.classList.remove("sw-changed"), 600);
    }
  }

  function start(settings) {
    new MutationObserver(markChanged).observe(document.body, { characterData: true, subtree: true });
    state.start(settings);
    controls.start(settings);
    people.start(settings);
    live.start(settings.cycleSeconds);
    return same();
  }

  // -- from the controls to the address -----------------------------------------------------

  /** `changes`: of a word, what it shall mean and what the address means without it. */
  function write(changes) {
    const said = words.address();
    const news = changes.filter(([word, value, usual]) => value !== (said.get(word) ?? usual));
    if (news.length === 0) return same(); // A control followed the address, not the reverse.
    const search = words.searchWith(
      Object.fromEntries(news.map(([word, value, usual]) => [word, value === usual ? null : value])),
    );
    set("url", { search });
    return same();
  }

  function chooseWords() {
    const usual = JSON.parse(document.querySelector("[data-defaults]").dataset.defaults);
    const [chosen] = window.dash_clientside.callback_context.inputs_list;
    return write(chosen.map(({ id, value }) => [id.word, value, usual[id.word]]));
  }

  const chooseBook = (book, settings) => write([["book", book, settings.firstBook]]);

  function chooseZone(choice) {
    const here = words.zoneName();
    const local = here === "UTC" ? words.localZone() : here;
    return write([["tz", choice === "UTC" ? "UTC" : local, "UTC"]]);
  }

  // -- from the address to the frame --------------------------------------------------------

  /** Outputs: the page's title and its short form, the range in words, links of pages, links of
   * ranges. */
  function followAddress(_search, pathname, settings, pages, spans) {
    const said = words.address();
    root.toggleAttribute("data-kiosk", said.get("kiosk") === "1");
    set("zone-switch", { value: words.zoneName() === "UTC" ? "UTC" : "local" });
    if (document.getElementById("book-pick")) set("book-pick", { value: said.get("book") || settings.firstBook });
    const range = said.has("from") ? null : said.get("range") || settings.defaultRange;
    markHere(pathname, range);
    controls.closeAll();
    live.follow(said.get("book"));
    live.announce();
    const [title, short] = settings.titles[pathname] || ["Page not found", "Not found"];
    return [
      title,
      short,
      rangeWords(said, settings),
      pages.map(({ path }) => words.hrefOf(path, settings.commonWords)),
      spans.map(({ range }) => pathname + rangeSearch(range, settings)),
    ];
  }

  function markHere(pathname, range) {
    document.querySelectorAll("a.sw-nav-link").forEach((link) => {
      if (new URL(link.href).pathname === pathname) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    });
    document.querySelectorAll("a.sw-span").forEach((link) => {
      const isShown = link.dataset.range === range;
      if (isShown) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    });
  }

  const rangeSearch = (range, settings) =>
    words.searchWith({ range: range === settings.defaultRange ? null : range, from: null, to: null });

  /** ``24 h``, or ``10 Nov 08:00 – 12 Nov 09:30`` in the chosen zone. */
  function rangeWords(said, settings) {
    const asked = words.spanOf();
    if (!asked) return settings.rangeNames[said.get("range")] ?? settings.rangeNames[settings.defaultRange];
    const year = new Date().getFullYear();
    return asked.map((moment) => words.dayAndMinute(moment, year)).join(" – ");
  }

  // Before anything is drawn, so that a wall never shows the controls.
  root.toggleAttribute("data-kiosk", words.address().get("kiosk") === "1");

  /* Once a wish is done its form is gone, and what follows with it: to the card that says so. */
  function showDone(said) {
    if (JSON.stringify(said ?? "").includes('"data-done":"true"')) {
      document.getElementById("breakers-card")?.scrollIntoView({ block: "start" });
    }
  }

  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    seawall: { start, followAddress, chooseWords, chooseBook, chooseZone, wantProof: people.want, showDone },
  });
})();

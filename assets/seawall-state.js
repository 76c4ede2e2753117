/* The trading state, in the header of every page, in the window's title, and as a toast when
 * it changes while somebody looks. */
(() => {
  "use strict";

  const seawall = (window.seawall ??= {});
  const WALL_MS = 12_000;
  const REST = ["parts", "parts_shape", "parts_short", "parts_title", "says", "tripped", "tripped_shape", "changes"];
  const known = { state: undefined, parts: "", rest: "", book: null, prefix: "", bare: "", worn: null };
  let looks = {}, container = null;

  const set = (id, props) => window.dash_clientside.set_props(id, props);
  const lookOf = (state) => looks[state] || looks.UNKNOWN;

  /** The state that the pulse of `book` states; a pulse without one changes nothing. */
  function show(pulse, book) {
    if (pulse.state === undefined) return;
    const sameBook = known.book === book;
    const before = sameBook ? known.state : undefined;
    const rest = REST.map((word) => pulse[word] || "").join("|");
    if (sameBook && before === pulse.state && known.rest === rest) return;
    const moved = before !== pulse.state;
    Object.assign(known, { state: pulse.state, parts: pulse.parts || "", rest, book });
    showBadge(lookOf(pulse.state), pulse);
    showTripped(pulse);
    showWaiting(pulse.changes);
    if (moved && before !== undefined) tellChange(before, pulse);
  }

  /** The book's word, and how many of its parts are tighter: alone it would sound too good. */
  function showBadge(look, pulse) {
    set("state-badge", { hidden: false, "data-state": look.shape });
    set("state-badge-glyph", { "data-glyph": look.shape, "data-state": look.shape });
    set("state-badge-word", { children: look.word });
    set("state-badge-says", { children: pulse.says || look.says });
    const shape = pulse.parts_shape || "stale";
    set("state-parts-badge", { hidden: !pulse.parts, "data-state": shape, title: pulse.parts_title || "" });
    set("state-parts-glyph", { "data-glyph": shape, "data-state": shape });
    set("state-parts-word", { children: pulse.parts || "" });
    set("state-parts-short", { children: pulse.parts_short || "" });
    set("state-parts-heard", { children: pulse.parts_title ? `: ${pulse.parts_title}` : "" });
  }

  /** How many breakers are tripped, beside their page's name in both navigations. */
  function showTripped(pulse) {
    const shape = pulse.tripped_shape || "stale";
    for (const base of ["nav-tripped-side", "nav-tripped-tab"]) {
      if (!document.getElementById(base)) continue;
      set(base, { hidden: !pulse.tripped, "data-state": shape });
      set(`${base}-glyph`, { "data-glyph": shape, "data-state": shape });
      set(`${base}-count`, { children: pulse.tripped || "" });
    }
  }

  /** How many changes wait for whoever looks, beside their page's name. */
  function showWaiting(count) {
    for (const base of ["nav-changes-side", "nav-changes-tab"]) {
      if (!document.getElementById(base)) continue;
      set(base, { hidden: !count });
      set(`${base}-count`, { children: count || "" });
    }
  }

  function tellChange(before, pulse) {
    const look = lookOf(pulse.state);
    const at = seawall.words.clock(new Date(pulse.market));
    const title = known.book ? `${look.word}: book ${known.book}` : look.word;
    const message = `${look.works} Before ${at}: ${lookOf(before).word}. The cockpit says why.`;
    // On a wall nobody closes it, and the state itself stays in sight.
    const autoClose = document.documentElement.hasAttribute("data-kiosk") ? WALL_MS : look.toast.autoClose;
    const toast = { ...look.toast, id: `state-${Date.now()}`, title, message, autoClose };
    set(container, { sendNotifications: [toast] });
  }

  // -- the window's title -------------------------------------------------------------------

  /** What a tab says that nobody looks at must not sound better than it is. */
  function prefix(freshness) {
    const look = known.state === undefined ? null : lookOf(known.state);
    const words = look && look.shape !== "normal" ? [look.word] : [];
    if (known.parts) words.push(known.parts);
    if (document.hidden) words.push("asleep");
    else if (freshness === "gone") words.push("not live");
    const text = words.join(", ");
    return text && `${text[0].toUpperCase()}${text.slice(1)} · `;
  }

  function showTitle(freshness) {
    known.prefix = prefix(freshness);
    wear();
  }

  function wear() {
    if (document.title !== known.worn) known.bare = document.title;
    known.worn = known.prefix + known.bare;
    if (document.title !== known.worn) document.title = known.worn;
  }

  function start(settings) {
    ({ looks, toasts: container } = settings);
    // Dash sets a title of its own when a page has come.
    new MutationObserver(wear).observe(document.querySelector("title"), { childList: true });
  }

  seawall.state = { start, show, showTitle };
})();

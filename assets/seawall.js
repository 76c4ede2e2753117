/* What the browser does by itself: asks for news, tells the age of what it shows, keeps the
 * controls in the address. It loads nothing from elsewhere.
 *
 * News. One request at a time, the next one only after the last was answered; none while the
 * tab is hidden or the view is paused. A new cycle is announced to the page by the store
 * `live`, and the next one only after the page has shown it (its `data-cycle` has changed).
 *
 * Age. Counted from the age that the server stated, by this machine's own clocks, so that a
 * wrong clock or a vanished server never makes old numbers look live.
 */
(() => {
  "use strict";

  // Cycles after which the newest one is late, stale (greyed), and not live at all.
  const LATE = 2, STALE = 3, GONE = 10;
  const PAGE_PATIENCE_MS = 10_000, RETRY_MS = 1_000, LONGEST_WAIT_MS = 10_000, REQUEST_LIMIT_MS = 5_000;
  const YEAR_SECONDS = 31_536_000;

  const root = document.documentElement;
  const news = { data: null, wall: 0, tick: 0, failures: 0, problem: "", asking: false };
  const view = { pausedAt: null, announcedAt: 0, announcedOver: null, cycleSeconds: 1 };
  let timer = null;

  const set = (id, props) => window.dash_clientside.set_props(id, props);
  const address = () => new URLSearchParams(window.location.search);
  const ready = () => Boolean(document.getElementById("age-chip"));

  // -- words --------------------------------------------------------------------------------

  const zoneName = () => address().get("tz") || "UTC";

  function formatted(moment, options) {
    const base = { ...options, hourCycle: "h23" };
    try {
      return new Intl.DateTimeFormat("en-GB", { ...base, timeZone: zoneName() }).format(moment);
    } catch (unknownZone) {
      return new Intl.DateTimeFormat("en-GB", { ...base, timeZone: "UTC" }).format(moment);
    }
  }

  const CLOCK = { hour: "2-digit", minute: "2-digit", second: "2-digit" };
  const clock = (moment) => formatted(moment, CLOCK);
  const dayAndClock = (moment) =>
    `${formatted(moment, { day: "numeric", month: "short" })} ${clock(moment)}`;

  function span(seconds) {
    if (seconds < 10) return `${seconds.toFixed(1)}\u00a0s`;
    if (seconds < 60) return `${Math.floor(seconds)}\u00a0s`;
    const minutes = Math.floor(seconds / 60);
    if (minutes < 60) return `${minutes}\u00a0min`;
    const hours = Math.floor(minutes / 60);
    return hours < 48 ? `${hours}\u00a0h` : `${Math.floor(hours / 24)}\u00a0d`;
  }

  // -- age ----------------------------------------------------------------------------------

  function ageSeconds() {
    // The larger of two clocks: one may be set back, the other may stand still in sleep.
    const passed = Math.max(Date.now() - news.wall, performance.now() - news.tick, 0);
    return news.data.age + passed / 1000;
  }

  function freshness() {
    if (view.pausedAt) return "paused";
    if (!news.data) return news.problem ? "gone" : "none";
    if (news.data.cycle === null) return "none";
    const cycles = ageSeconds() / news.data.cycle_seconds;
    if (cycles >= GONE) return "gone";
    if (cycles >= STALE) return "stale";
    return cycles >= LATE ? "late" : "live";
  }

  const LOOKS = {
    none: ["stale", "Waiting"],
    live: ["normal", "Live"],
    late: ["caution", "Late"],
    stale: ["stale", "Stale"],
    gone: ["halted", "Not live"],
    paused: ["pause", "Paused"],
  };

  function ageText(kind) {
    if (kind === "paused") return clock(view.pausedAt);
    if (!news.data || news.data.cycle === null) return "";
    return kind === "gone" ? clock(new Date(news.data.saved)) : span(ageSeconds());
  }

  let shownKind = null;

  function showAge() {
    if (!ready()) return;
    const kind = freshness();
    set("age-text", { children: ageText(kind) });
    if (kind === "gone" || kind !== shownKind) showFreshness(kind);
    shownKind = kind;
  }

  function showFreshness(kind) {
    const [shape, word] = LOOKS[kind];
    root.dataset.freshness = kind;
    set("age-chip", { "data-freshness": kind });
    set("age-glyph", { "data-glyph": shape, "data-state": shape });
    set("age-word", { children: word });
    const [strong, rest] = bannerWords(kind);
    set("freshness-glyph", { "data-glyph": shape, "data-state": shape });
    set("freshness-strong", { children: strong });
    set("freshness-rest", { children: rest });
  }

  function bannerWords(kind) {
    if (kind === "paused") {
      return [`You paused this view at ${clock(view.pausedAt)}.`, " The engine goes on."];
    }
    if (kind !== "gone") return ["", ""];
    const why = news.problem || "The engine has stopped completing cycles.";
    if (!news.data || news.data.cycle === null) return ["Not live.", ` ${why}`];
    const since = clock(new Date(news.data.saved));
    const strong = `Not live: no cycle since ${since} (${span(ageSeconds())}).`;
    return [strong, ` Values are greyed. ${why}`];
  }

  // -- news ---------------------------------------------------------------------------------

  function wait() {
    const half = Math.min(Math.max(view.cycleSeconds * 500, 500), 5_000);
    return Math.min(half * 2 ** news.failures, LONGEST_WAIT_MS);
  }

  function schedule() {
    window.clearTimeout(timer);
    if (!document.hidden && !view.pausedAt) timer = window.setTimeout(ask, wait());
  }

  async function ask() {
    if (news.asking) return;
    news.asking = true;
    try {
      await fetchNews();
      news.failures = 0;
    } catch (problem) {
      news.failures = Math.min(news.failures + 1, 5);
      news.problem = problem.said || "The dashboard's server does not answer.";
    } finally {
      news.asking = false;
      showAge();
      schedule();
    }
  }

  async function fetchNews() {
    const words = new URLSearchParams();
    if (address().get("book")) words.set("book", address().get("book"));
    if (news.data && news.data.cycle !== null) words.set("after", news.data.cycle);
    const limit = AbortSignal.timeout(REQUEST_LIMIT_MS);
    const answer = await fetch(`/live?${words}`, { cache: "no-store", signal: limit });
    if (answer.status === 204) return settle();
    const data = await answer.json();
    if (!answer.ok) throw Object.assign(new Error(data.problem), { said: data.problem });
    Object.assign(news, { data, wall: Date.now(), tick: performance.now() });
    view.cycleSeconds = data.cycle_seconds;
    return settle();
  }

  function settle() {
    news.problem = "";
    showHeader();
    announce(false);
  }

  function showHeader() {
    if (!news.data || news.data.cycle === null) return;
    set("market-clock", { children: dayAndClock(new Date(news.data.market)) });
    const number = news.data.cycle.toLocaleString("en-US").replaceAll(",", "\u202f");
    set("nav-cycle", { children: `Cycle ${number}` });
    set("nav-saved", { children: `saved ${clock(new Date(news.data.saved))}` });
  }

  function announce(evenIfPending) {
    const page = document.querySelector("[data-cycle]");
    if (!page || !news.data || news.data.cycle === null) return;
    const shown = page.dataset.cycle;
    if (shown === String(news.data.cycle)) return forgetFailure();
    const pending = view.announcedOver === shown;
    // A page that answered with a failure will not show this cycle: it may try the next one.
    const patience = failureTold() ? RETRY_MS : PAGE_PATIENCE_MS;
    const patient = Date.now() - view.announcedAt < patience;
    if (pending && patient && !evenIfPending) return;
    Object.assign(view, { announcedOver: shown, announcedAt: Date.now() });
    set("live", { data: { cycle: news.data.cycle } });
  }

  const failureTold = () => document.getElementById("refusal").hasChildNodes();

  function forgetFailure() {
    if (failureTold()) set("refusal", { children: null, className: "" });
  }

  document.addEventListener("visibilitychange", () => {
    if (document.hidden) window.clearTimeout(timer);
    else if (!view.pausedAt) ask();
  });

  // -- controls -----------------------------------------------------------------------------

  function setPaused(paused) {
    view.pausedAt = paused ? new Date() : null;
    const label = paused ? "Resume this view" : "Pause this view";
    set("pause-button", { "aria-label": label, title: label });
    set("pause-button-glyph", { "data-glyph": paused ? "play" : "pause" });
    showAge();
    if (paused) window.clearTimeout(timer);
    else ask();
  }

  async function refreshNow() {
    await ask();
    announce(true);
  }

  function switchScheme() {
    const scheme = root.dataset.mantineColorScheme === "dark" ? "light" : "dark";
    document.cookie = `sw-scheme=${scheme}; path=/; max-age=${YEAR_SECONDS}; samesite=strict`;
    root.dataset.mantineColorScheme = scheme;
    set("mantine", { forceColorScheme: scheme });
    document.querySelectorAll(".js-plotly-plot").forEach((plot) => {
      window.Plotly.relayout(plot, { template: templateFor(plot, scheme) });
    });
  }

  function templateFor(plot, scheme) {
    const hues = plot.layout.template.layout.colorway.length;
    const { layout } = templates[scheme];
    return { layout: { ...layout, colorway: layout.colorway.slice(0, hues) } };
  }

  function toggleControls(open) {
    const shell = document.querySelector(".sw-shell");
    const now = open ?? !shell.classList.contains("sw-controls-open");
    shell.classList.toggle("sw-controls-open", now);
    document.getElementById("controls-toggle").setAttribute("aria-expanded", String(now));
  }

  const CLICKS = {
    "pause-button": () => setPaused(!view.pausedAt),
    "resume-button": () => setPaused(false),
    "refresh-button": refreshNow,
    "scheme-button": switchScheme,
    "controls-toggle": () => toggleControls(),
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button && CLICKS[button.id]) CLICKS[button.id]();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    if (document.querySelector(".sw-controls-open")) toggleControls(false);
    closeHelp(null);
  });

  // -- help marks ---------------------------------------------------------------------------

  function closeHelp(except) {
    document.querySelectorAll(".sw-help[open]").forEach((help) => {
      if (help !== except) help.open = false;
    });
  }

  function placeHelp(help) {
    const mark = help.querySelector("summary").getBoundingClientRect();
    const tip = help.querySelector(".sw-tip");
    const { width, height } = tip.getBoundingClientRect();
    const left = Math.min(Math.max(mark.left, 8), document.documentElement.clientWidth - width - 8);
    const below = mark.bottom + 6;
    const top = below + height > window.innerHeight ? mark.top - height - 6 : below;
    Object.assign(tip.style, { left: `${left}px`, top: `${Math.max(top, 8)}px` });
  }

  document.addEventListener("toggle", (event) => {
    if (!event.target.matches?.(".sw-help[open]")) return;
    closeHelp(event.target);
    placeHelp(event.target);
  }, true);
  document.addEventListener("click", (event) => closeHelp(event.target.closest(".sw-help")));
  window.addEventListener("scroll", () => closeHelp(null), true);

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

  // -- what Dash calls ----------------------------------------------------------------------

  let templates = {};
  const same = () => window.dash_clientside.no_update;

  function start(settings) {
    templates = settings.templates;
    view.cycleSeconds = settings.cycleSeconds;
    new MutationObserver(markChanged).observe(document.body, { characterData: true, subtree: true });
    window.setInterval(showAge, 500);
    ask();
    return same();
  }

  function writeAddress(changes) {
    const words = address();
    for (const [word, value, fallback] of changes) {
      if (value === fallback || value === undefined || value === null) words.delete(word);
      else words.set(word, value);
    }
    const search = words.size ? `?${words}` : "";
    if (search !== window.location.search) set("url", { search });
    return same();
  }

  const localZone = () => Intl.DateTimeFormat().resolvedOptions().timeZone;

  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    seawall: {
      start,
      chooseRange: (range) => writeAddress([["range", range, "24h"]]),
      chooseBook: (book) => writeAddress([["book", book, null]]),
      chooseGrouping: (by) => writeAddress([["by", by, "asset"]]),
      chooseZone: (choice) => {
        const other = zoneName() !== "UTC" ? zoneName() : localZone();
        return writeAddress([["tz", choice === "UTC" ? "UTC" : other, "UTC"]]);
      },
      // Keeps the controls as the address says, however one came to it.
      followAddress: (search, pathname, settings) => {
        const words = new URLSearchParams(search);
        set("range-pick", { value: words.get("range") || "24h" });
        set("zone-switch", { value: (words.get("tz") || "UTC") === "UTC" ? "UTC" : "local" });
        if (words.get("book") && document.getElementById("book-pick")) {
          set("book-pick", { value: words.get("book") });
        }
        document.querySelectorAll(".sw-nav-link").forEach((link) => {
          const here = new URL(link.href).pathname === pathname;
          if (here) link.setAttribute("aria-current", "page");
          else link.removeAttribute("aria-current");
        });
        toggleControls(false);
        news.data = news.data && words.get("book") === news.book ? news.data : null;
        news.book = words.get("book");
        if (ready()) showHeader();
        return settings.titles[pathname] || "Page not found";
      },
    },
  });
})();

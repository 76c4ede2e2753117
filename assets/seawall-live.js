/* Asks for news, brings the page up to date, and tells the age of what it shows.
 *
 * News. One request at a time, the next one only after the last was answered; none while the
 * tab is hidden. A new cycle is announced to the page by the store `live`; the next one only
 * after the page's update was answered, and then it is the newest. A page that also shows what
 * happens between two cycles says up to where it knows of that (data-news): then that is asked
 * for too, once a second, and announced in the same way. An address that says something
 * else of the same page is announced in the same way, and at once.
 *
 * Age. Of the cycle that the page shows, counted from the age that the server stated, by this
 * machine's own clocks: neither a wrong clock, nor a vanished server, nor an update that fails
 * makes old numbers look live.
 */
(() => {
  "use strict";

  const seawall = (window.seawall ??= {});

  // Cycles after which what is shown is late, stale (greyed), and not live at all.
  const LATE = 2, STALE = 3, GONE = 10;
  const AGE_TICK_MS = 500, REQUEST_LIMIT_MS = 5_000, LONGEST_WAIT_MS = 5_000, NEWS_WAIT_MS = 1_000;
  // An update that is not even sent by then, or not answered by then, is given up.
  const SENDING_MS = 2_000, UPDATE_PATIENCE_MS = 30_000, RETRY_MS = 1_000;
  const FAILURE_SHOWN_MS = 8_000;
  const SIGNED_OUT = 401;
  const NO_ANSWER = "The dashboard's server does not answer.";

  const root = document.documentElement;
  const news = { data: null, birth: null, failures: 0, problem: "", asking: false, book: null };
  const shown = { cycle: null, birth: null };
  const updates = {
    running: 0, startedAt: 0, announcedAt: 0, address: null, over: null, failures: 0, newest: 0,
  };
  const view = { pausedAt: null, cycleSeconds: 1 };
  const failure = { toldAt: 0, navigation: false };
  let askTimer = null, ageTimer = null;

  const set = (id, props) => window.dash_clientside.set_props(id, props);
  const words = () => seawall.words;
  const ready = () => Boolean(document.getElementById("age-chip"));
  const hasCycle = () => Boolean(news.data) && news.data.cycle !== null;

  // -- age ----------------------------------------------------------------------------------

  const born = (age) => ({ age, wall: Date.now(), tick: performance.now() });

  function ageOf(birth) {
    // The larger of two clocks: one may be set back, the other may stand still in sleep.
    const passed = Math.max(Date.now() - birth.wall, performance.now() - birth.tick, 0);
    return birth.age + passed / 1000;
  }

  /** Up to where the page knows what happened between cycles; null if it does not show that. */
  const pageNews = () => document.querySelector("[data-news]")?.dataset.news ?? null;

  /** The cycle that the page shows; null if it shows none. */
  function pageCycle() {
    const text = document.querySelector("[data-cycle]")?.dataset.cycle;
    return text ? Number(text) : null;
  }

  function shownBirth() {
    const cycle = pageCycle();
    if (cycle === null || cycle >= news.data.cycle) Object.assign(shown, { cycle, birth: news.birth });
    if (cycle === shown.cycle) return shown.birth;
    // Never seen as the newest: as many cycles older as its number is smaller.
    const older = (news.data.cycle - cycle) * news.data.cycle_seconds;
    Object.assign(shown, { cycle, birth: born(ageOf(news.birth) + older) });
    return shown.birth;
  }

  /** When the cycle that the page shows was saved, by the server's clock. */
  function shownSaved() {
    const behind = ageOf(shownBirth()) - ageOf(news.birth);
    return new Date(new Date(news.data.saved).getTime() - behind * 1000);
  }

  function freshness() {
    if (view.pausedAt) return "paused";
    if (!news.data) return news.problem ? "gone" : "none";
    if (news.data.cycle === null) return "none";
    const cycles = ageOf(shownBirth()) / news.data.cycle_seconds;
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
    if (kind === "paused") return words().clock(view.pausedAt);
    if (!hasCycle()) return "";
    const whole = kind === "gone" && !isBehind();
    return whole ? words().clock(shownSaved()) : words().span(ageOf(shownBirth()));
  }

  const last = {};

  /** Sets properties only if they differ from those that were set last. */
  function say(id, props) {
    const text = JSON.stringify(props);
    if (last[id] === text) return;
    last[id] = text;
    set(id, props);
  }

  function showAge() {
    if (!ready()) return;
    const kind = freshness();
    const [shape, word] = LOOKS[kind];
    root.dataset.freshness = kind;
    say("age-chip", { "data-freshness": kind });
    say("age-glyph", { "data-glyph": shape, "data-state": shape });
    say("age-word", { children: word });
    say("age-text", { children: ageText(kind) });
    showBanner(kind, shape);
    seawall.state.showTitle(kind);
    forgetFailure();
  }

  function showBanner(kind, shape) {
    const [strong, rest] = bannerWords(kind);
    say("freshness-glyph", { "data-glyph": shape, "data-state": shape });
    say("freshness-strong", { children: strong });
    say("freshness-rest", { children: rest });
  }

  function bannerWords(kind) {
    if (kind === "paused") return pauseWords();
    if (kind === "stale") return [`Stale: ${oldSince()}.`, ` Values are greyed. ${news.problem}`];
    if (kind === "gone") return [`Not live: ${oldSince()}.`, ` Values are greyed. ${whyOld()}`];
    return ["", ""];
  }

  function pauseWords() {
    const waiting = hasCycle() && pageCycle() !== null ? news.data.cycle - pageCycle() : 0;
    const cycles = waiting === 1 ? "1 newer cycle waits" : `${words().count(waiting)} newer cycles wait`;
    const rest = news.problem || `The engine goes on. ${waiting > 0 ? `${cycles}.` : ""}`;
    return [`You paused this view at ${words().clock(view.pausedAt)}.`, ` ${rest}`];
  }

  /** Whether the engine went on while this page did not follow. */
  const isBehind = () =>
    hasCycle() && news.failures === 0 && pageCycle() !== null && pageCycle() < news.data.cycle;

  function oldSince() {
    if (!hasCycle()) return "nothing is known yet";
    const age = words().span(ageOf(shownBirth()));
    if (isBehind()) return `this page is ${age} behind`;
    const what = news.failures > 0 ? "no news" : "no cycle";
    return `${what} since ${words().clock(shownSaved())} (${age})`;
  }

  function whyOld() {
    if (isBehind()) return "The engine goes on; this page has not been brought up to date.";
    return news.problem || "The engine has stopped completing cycles.";
  }

  // -- news ---------------------------------------------------------------------------------

  function wait() {
    const longest = pageNews() === null ? LONGEST_WAIT_MS : NEWS_WAIT_MS;
    const half = Math.min(Math.max(view.cycleSeconds * 500, 500), longest);
    // Not all browsers at once: those that queued together would ask together for ever.
    const uneven = 0.8 + 0.4 * Math.random();
    return Math.min(half * uneven * 2 ** news.failures, LONGEST_WAIT_MS);
  }

  function schedule() {
    window.clearTimeout(askTimer);
    if (!document.hidden) askTimer = window.setTimeout(ask, wait());
  }

  async function ask() {
    if (news.asking) return;
    news.asking = true;
    window.clearTimeout(askTimer);
    try {
      take(await fetchNews(news.book));
    } catch (problem) {
      news.failures = Math.min(news.failures + 1, 5);
      news.problem = problem.said || NO_ANSWER;
    }
    news.asking = false;
    schedule();
    showAge();
    if (news.failures === 0) settle();
    forgetPast();
  }

  /** What the server says of `book`: null if nothing is newer than what is known. */
  async function fetchNews(book) {
    const asked = new URLSearchParams();
    if (book) asked.set("book", book);
    if (hasCycle()) asked.set("after", news.data.cycle);
    if (pageNews() !== null) {
      asked.set("news", pageNews());
      asked.set("of", document.querySelector("[data-news]").id); // Each screen counts its own.
    }
    if (seawall.people.hasActed()) asked.set("acted", "1");
    const limit = AbortSignal.timeout(REQUEST_LIMIT_MS);
    const answer = await fetch(`/live?${asked}`, { cache: "no-store", signal: limit });
    seawall.people.heard(answer.headers.get("Seawall-Visitor"));
    const data = answer.status === 204 ? null : await answer.json();
    if (answer.status === SIGNED_OUT) seawall.people.ended();
    if (!answer.ok) throw Object.assign(new Error(data.problem), { said: data.problem });
    return { book, data };
  }

  function take({ book, data }) {
    Object.assign(news, { failures: 0, problem: data?.problem || "" });
    if (!data || book !== news.book) return; // Old news, or of a book that is shown no more.
    Object.assign(news, { data, birth: born(data.age ?? 0) });
    view.cycleSeconds = data.cycle_seconds;
  }

  function settle() {
    showHeader();
    if (hasCycle()) seawall.state.show(news.data, news.book);
    navigateAgain();
    if (!view.pausedAt || hasMoved()) announce();
  }

  function showHeader() {
    if (!ready() || !hasCycle()) return;
    say("market-clock", { children: words().dayAndClock(new Date(news.data.market)) });
    say("nav-cycle", { children: `Cycle ${words().count(news.data.cycle)}` });
    say("nav-saved", { children: `saved ${words().clock(new Date(news.data.saved))}` });
  }

  /** The book that the address names; what was known of another one is forgotten. */
  function follow(book) {
    if (book === news.book && news.data) return showHeader();
    Object.assign(news, { book, data: null, birth: null, problem: "" });
    Object.assign(shown, { cycle: null, birth: null });
    if (!document.hidden) ask();
  }

  // -- updates of the page ------------------------------------------------------------------

  const here = () => window.location.pathname + window.location.search;

  /** The screen that stands there, unless the address leads to another page: that one comes by Dash. */
  function screenHere() {
    const screen = document.querySelector("[data-address]");
    return screen?.dataset.address.split("?")[0] === window.location.pathname ? screen : null;
  }

  /** Whether the address says something else by now than what the screen shows. */
  function hasMoved() {
    const screen = screenHere();
    return screen !== null && screen.dataset.address !== here();
  }

  const hasNews = () => hasCycle() && (pageCycle() !== news.data.cycle || hasMoreToTell());

  /** Whether something that the page shows happened since, between two cycles. */
  const hasMoreToTell = () => pageNews() !== null && Number(pageNews()) < (news.data.news ?? -1);

  /** Has the page show the newest cycle of what its address says. */
  function announce() {
    if (!screenHere() || !(hasNews() || hasMoved())) return;
    const address = here();
    const over = `${screenHere().dataset.address} ${pageCycle()} ${pageNews()}`;
    // Whoever moved on waits for nothing that was asked before.
    if (address === updates.address && isTooEarly(over)) return;
    updates.failures = over === updates.over ? Math.min(updates.failures + 1, 4) : 0;
    Object.assign(updates, { over, address, announcedAt: Date.now() });
    set("live", { data: { cycle: hasCycle() ? news.data.cycle : null, address } });
  }

  function isTooEarly(over) {
    const now = Date.now();
    if (updates.running > 0) return now - updates.startedAt < UPDATE_PATIENCE_MS;
    return now - updates.announcedAt < retryAfter(over);
  }

  const pastStates = [];

  /** What a long watch would leave behind in Dash.
   *
   * It keeps each earlier `live` for an undo button that we do not show. And whatever is drawn keeps
   * the whole state that it was drawn from, only to tell it from the next one, and with it an index
   * of all parts (50 kB) and more that Dash makes anew with each change. Nobody reads an old state:
   * the newest one's contents are enough for all of them. */
  function forgetPast() {
    const state = window.store.getState();
    state.history.past.length = 0;
    const alive = pastStates.splice(0).filter((past) => past.deref());
    for (const past of alive) Object.assign(past.deref(), state);
    pastStates.push(...alive);
  }

  const noteState = () => pastStates.push(new WeakRef(window.store.getState()));

  /** A page that still shows what it showed at the last try was not helped by it. */
  function retryAfter(over) {
    if (over !== updates.over) return 0;
    return Math.max(Math.min(RETRY_MS * 2 ** updates.failures, LONGEST_WAIT_MS), unsent());
  }

  const unsent = () => (updates.startedAt < updates.announcedAt ? SENDING_MS : 0);

  const plainFetch = window.fetch.bind(window);

  /** Dash tells nobody when a callback is under way, or that none answered: seen from here. */
  window.fetch = (resource, options) => {
    const answer = plainFetch(resource, options);
    if (!String(resource).includes("_dash-update-component")) return answer;
    const asked = JSON.parse(options.body);
    watch(answer, asked.changedPropIds);
    return isUpdate(asked.changedPropIds) ? forWhatIsShown(answer, asked) : answer;
  };

  const isUpdate = (causes) => causes.includes("live.data");
  const NOTHING = { multi: true, response: {} };

  /** The answer to an update, if it is the last that was asked for, and the page still shows what
   * was asked about when Dash takes it.
   *
   * Whoever chose another view meanwhile has a page whose parts bear the same ids: an answer for
   * the view before must not be written over it. */
  async function forWhatIsShown(answer, asked) {
    const number = (updates.newest += 1);
    const response = await answer;
    if (response.status !== 200) return response;
    const data = await response.json();
    response.json = async () => (number === updates.newest && isShown(asked) ? data : NOTHING);
    return response;
  }

  /** As Dash knows the page, which is sooner than the document does. */
  function isShown(asked) {
    const { paths, layout } = window.store.getState();
    return asked.state.every(({ id, property, value }) => {
      const path = paths.strs[id];
      return path && path.reduce((node, key) => node?.[key], layout)?.props[property] === value;
    });
  }

  function watch(answer, causes) {
    if (isUpdate(causes)) Object.assign(updates, { running: updates.running + 1, startedAt: Date.now() });
    const ended = () => {
      if (isUpdate(causes)) updates.running -= 1;
    };
    const failed = () => {
      ended();
      tellFailure(causes);
    };
    answer.then((response) => {
      if (response.status === SIGNED_OUT) seawall.people.ended();
      else if (response.status >= 400) return failed();
      ended();
    }, failed);
  }

  // -- what failed --------------------------------------------------------------------------

  const html = (type, children) => ({
    namespace: "dash_html_components", type, props: { children },
  });

  function tellFailure(causes) {
    failure.navigation ||= causes.some((cause) => cause.startsWith("_pages_location."));
    const what = failure.navigation ? "The page could not be loaded." : "This part could not be brought up to date.";
    const children = html("P", [html("Strong", what), ` ${NO_ANSWER}`]);
    set("refusal", { children, className: "sw-banner", "data-state": "halted" });
  }

  /** The page that was asked for while nobody answered. */
  function navigateAgain() {
    if (!failure.navigation) return;
    failure.navigation = false;
    set("_pages_location", { search: window.location.search });
  }

  const failureTold = () => document.getElementById("refusal").hasChildNodes();

  /** Not before it could be read, nor before the page is up to date. */
  function forgetFailure() {
    if (!failureTold() || isBehind() || hasMoved() || news.failures > 0 || failure.navigation) return;
    if (Date.now() - failure.toldAt >= FAILURE_SHOWN_MS) {
      set("refusal", { children: null, className: "" });
    }
  }

  function noteFailures() {
    const told = () => (failure.toldAt = Date.now());
    const watched = { childList: true, characterData: true, subtree: true };
    new MutationObserver(told).observe(document.getElementById("refusal"), watched);
  }

  // -- sleeping and waking ------------------------------------------------------------------

  function wake() {
    window.clearInterval(ageTimer);
    ageTimer = window.setInterval(showAge, AGE_TICK_MS);
    showAge(); // What stood here while nobody looked is old before anything is asked.
    ask();
  }

  function sleep() {
    window.clearInterval(ageTimer);
    window.clearTimeout(askTimer);
    seawall.state.showTitle(freshness());
  }

  function setPaused(paused) {
    view.pausedAt = paused ? new Date() : null;
    showAge();
    ask();
  }

  async function refresh() {
    await ask();
    announce();
  }

  function start(cycleSeconds) {
    view.cycleSeconds = cycleSeconds;
    window.store.subscribe(noteState);
    noteFailures();
    document.addEventListener("visibilitychange", () => (document.hidden ? sleep() : wake()));
    window.addEventListener("online", ask);
    if (!document.hidden) wake();
  }

  seawall.live = {
    start, follow, announce, refresh, setPaused, isPaused: () => Boolean(view.pausedAt), news: () => news.data,
  };
})();

/* What opens, closes and is pressed: the header's buttons, the range, help marks, the further
 * tabs of a narrow screen, the menu of who is here. Whatever opens closes by Escape and gives the focus back. */
(() => {
  "use strict";

  const seawall = (window.seawall ??= {});
  const YEAR_SECONDS = 31_536_000;
  const root = document.documentElement;
  const element = (id) => document.getElementById(id);
  const set = (id, props) => window.dash_clientside.set_props(id, props);
  let templates = {}, rangeSeconds = {};

  // -- buttons ------------------------------------------------------------------------------

  function setPaused(paused) {
    const label = paused ? "Resume this view" : "Pause this view";
    set("pause-button", { "aria-label": label, title: label });
    set("pause-button-glyph", { "data-glyph": paused ? "play" : "pause" });
    seawall.live.setPaused(paused);
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
    element("controls-toggle").setAttribute("aria-expanded", String(now));
  }

  const controlsOpen = () => Boolean(document.querySelector(".sw-controls-open"));

  // -- the range ----------------------------------------------------------------------------

  const rangeOpen = () => !element("range-popover").hidden;

  function toggleRange(open) {
    element("range-popover").hidden = !open;
    element("range-button").setAttribute("aria-expanded", String(open));
    if (!open) return;
    refuseRange("");
    const [from, to] = shownSpan();
    set("range-from", { value: seawall.words.wallTime(from) });
    set("range-to", { value: seawall.words.wallTime(to) });
    set("range-zone", { children: `Times in ${seawall.words.zoneName()}.` });
    const links = element("range-popover").querySelectorAll("a");
    ([...links].find((link) => link.ariaCurrent) ?? links[0]).focus();
  }

  const now = () => new Date(seawall.live.news()?.market ?? Date.now());

  /** Beginning and end of what the address shows; of everything, the last month. */
  function shownSpan() {
    const words = seawall.words.address();
    const asked = seawall.words.spanOf();
    if (asked) return asked;
    const range = words.get("range") ?? "24h";
    const seconds = rangeSeconds[range] ?? rangeSeconds["30d"];
    return [new Date(now().getTime() - seconds * 1000), now()];
  }

  function applyRange() {
    const [from, to] = ["range-from", "range-to"].map((id) => seawall.words.momentOf(element(id).value));
    const problem = whyNot(from, to);
    refuseRange(problem);
    if (problem) return;
    const { utcText, searchWith } = seawall.words;
    closeRange();
    set("url", { search: searchWith({ range: null, from: utcText(from), to: utcText(to) }) });
  }

  function whyNot(from, to) {
    if (Number.isNaN(from.getTime())) return "From is not a time yet: give a day, an hour and minutes.";
    if (Number.isNaN(to.getTime())) return "To is not a time yet: give a day, an hour and minutes.";
    if (from >= to) return "From must be earlier than To.";
    const { dayAndMinute } = seawall.words;
    const newest = now();
    if (from >= newest) return `Nothing is known after ${dayAndMinute(newest, newest.getFullYear())}.`;
    return "";
  }

  const refuseRange = (problem) => set("range-problem", { children: problem });

  function closeRange() {
    if (!rangeOpen()) return;
    toggleRange(false);
    element("range-button").focus();
  }

  // -- help marks and further tabs ----------------------------------------------------------

  const DETAILS = ".sw-help[open], .sw-more-tabs[open], .sw-account[open]";

  function closeDetails(except) {
    document.querySelectorAll(DETAILS).forEach((details) => {
      if (details !== except) details.open = false;
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

  // -- what the person does -----------------------------------------------------------------

  const CLICKS = {
    "pause-button": () => setPaused(!seawall.live.isPaused()),
    "resume-button": () => setPaused(false),
    "refresh-button": () => seawall.live.refresh(),
    "scheme-button": switchScheme,
    "controls-toggle": () => toggleControls(),
    "range-button": () => toggleRange(!rangeOpen()),
    "range-apply": applyRange,
  };

  function closeInnermost() {
    const open = document.querySelector(DETAILS);
    if (open) {
      open.open = false;
      open.querySelector("summary").focus();
    } else if (rangeOpen()) closeRange();
    else if (controlsOpen()) {
      toggleControls(false);
      element("controls-toggle").focus();
    }
  }

  /** After a choice that changes the address nothing stays open. */
  function closeAll() {
    closeDetails(null);
    closeRange();
    toggleControls(false);
  }

  function start(settings) {
    ({ templates, rangeSeconds } = settings);
    document.addEventListener("click", (event) => {
      closeDetails(event.target.closest(DETAILS));
      if (rangeOpen() && !event.target.closest(".sw-range")) toggleRange(false);
      const button = event.target.closest("button");
      if (button && CLICKS[button.id]) CLICKS[button.id]();
    });
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape") closeInnermost();
      if (event.key === "Enter" && event.target.closest("#range-from, #range-to")) applyRange();
    });
    document.addEventListener("toggle", (event) => {
      if (!event.target.matches?.(DETAILS)) return;
      closeDetails(event.target);
      if (event.target.matches(".sw-help")) placeHelp(event.target);
    }, true);
    window.addEventListener("scroll", () => closeDetails(null), true);
  }

  seawall.controls = { start, closeAll };
})();

/* Words and times as people read them, and the words of the address. Loads nothing, keeps
 * nothing: every function answers from its arguments and the address. */
(() => {
  "use strict";

  const seawall = (window.seawall ??= {});
  const MINUTE_MS = 60_000;
  const CLOCK = { hour: "2-digit", minute: "2-digit", second: "2-digit" };
  const HOUR_AND_MINUTE = { hour: "2-digit", minute: "2-digit" };
  const DAY = { day: "numeric", month: "short" };

  // -- the address --------------------------------------------------------------------------

  const address = () => new URLSearchParams(window.location.search);

  /** A query string, with the colons of times and the slashes of zones left readable. */
  function searchOf(words) {
    const text = words.toString().replaceAll("%3A", ":").replaceAll("%2F", "/");
    return text ? `?${text}` : "";
  }

  /** The address of `path` in which only the words that `keeps` names are kept. */
  function hrefOf(path, keeps) {
    const words = address();
    for (const word of [...words.keys()]) if (!keeps.includes(word)) words.delete(word);
    return path + searchOf(words);
  }

  /** `changes`: word to value; a value that is null leaves the word out. */
  function searchWith(changes) {
    const words = address();
    for (const [word, value] of Object.entries(changes)) {
      if (value === null || value === undefined) words.delete(word);
      else words.set(word, value);
    }
    return searchOf(words);
  }

  /** Beginning and end as the address says them; null if it says no such pair. */
  function spanOf() {
    const moments = ["from", "to"].map((word) => new Date(address().get(word) ?? NaN));
    return moments.some((moment) => Number.isNaN(moment.getTime())) ? null : moments;
  }

  // -- times --------------------------------------------------------------------------------

  const localZone = () => Intl.DateTimeFormat().resolvedOptions().timeZone;

  function known(zone) {
    try {
      Intl.DateTimeFormat("en-GB", { timeZone: zone });
      return true;
    } catch (unknownZone) {
      return false; // The server says so on the page.
    }
  }

  function zoneName() {
    const asked = address().get("tz") || "UTC";
    return known(asked) ? asked : "UTC";
  }

  const formatted = (moment, options) =>
    new Intl.DateTimeFormat("en-GB", { ...options, hourCycle: "h23", timeZone: zoneName() })
      .format(moment);

  const clock = (moment) => formatted(moment, CLOCK);
  const day = (moment) => formatted(moment, DAY).replaceAll(" ", "\u00a0");
  const dayAndClock = (moment) => `${day(moment)} ${clock(moment)}`;

  function dayAndMinute(moment, year) {
    const itsYear = formatted(moment, { year: "numeric" });
    const suffix = itsYear === String(year) ? "" : `\u00a0${itsYear}`;
    return `${day(moment)}${suffix} ${formatted(moment, HOUR_AND_MINUTE)}`;
  }

  function span(seconds) {
    if (seconds < 10) return `${seconds.toFixed(1)}\u00a0s`;
    if (seconds < 60) return `${Math.floor(seconds)}\u00a0s`;
    const minutes = Math.floor(seconds / 60);
    if (minutes < 60) return `${minutes}\u00a0min`;
    const hours = Math.floor(minutes / 60);
    return hours < 48 ? `${hours}\u00a0h` : `${Math.floor(hours / 24)}\u00a0d`;
  }

  const count = (number) => number.toLocaleString("en-US").replaceAll(",", "\u202f");

  // -- between a zone's clocks and UTC ------------------------------------------------------

  /** What the clocks of the chosen zone show: ``2026-11-10T08:00``. */
  function wallTime(moment) {
    const parts = { dateStyle: "short", timeStyle: "short", timeZone: zoneName() };
    return new Intl.DateTimeFormat("sv-SE", parts).format(moment).replace(" ", "T");
  }

  function offsetMs(ms) {
    return Date.parse(`${wallTime(ms)}Z`) - Math.floor(ms / MINUTE_MS) * MINUTE_MS;
  }

  /** When the clocks of the chosen zone show `wall`; an invalid date if it is no time. */
  function momentOf(wall) {
    const asUtc = Date.parse(`${wall}Z`);
    if (Number.isNaN(asUtc)) return new Date(NaN);
    // Twice: clocks may have been changed between the first guess and the answer.
    const guess = asUtc - offsetMs(asUtc);
    return new Date(asUtc - offsetMs(guess));
  }

  /** As an address says it: ``2026-11-10T08:00Z``. */
  const utcText = (moment) => `${moment.toISOString().slice(0, 16)}Z`;

  seawall.words = {
    address, hrefOf, searchWith, spanOf, localZone, zoneName,
    clock, dayAndClock, dayAndMinute, span, count, wallTime, momentOf, utcText,
  };
})();

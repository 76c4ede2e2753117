/* What does not fit on the page: the body of a function that returns it in words. Words that
 * are cut, overlap, leave their place or are too small. What scrolls down by itself and can be
 * reached by keyboard is no fault; what must be scrolled sideways is one. */
const faults = [];
const SLACK = 1.5;
const say = (what, element, text) => faults.push(
  `${what}: ${element.tagName}.${element.getAttribute("class") ?? ""} "${text.trim().slice(0, 48)}"`);
const UNSEEN = ".sw-hidden, .sw-skip, details:not([open]) > :not(summary), .ag-aria-description-container, .mantine-Notifications-root, script, style, title";
const style = new Map();
const styled = (e) => style.get(e) ?? (style.set(e, getComputedStyle(e)), style.get(e));
const clips = (e, axis) => styled(e)[`overflow${axis}`] !== "visible";
const reached = (e) => e.tabIndex >= 0 && /auto|scroll/.test(styled(e).overflowY);

/* The part of a rectangle that scrolls into no other element's edge. */
function visiblePart(box, start) {
  let { left, right, top, bottom } = box;
  for (let e = start; e && e !== document.body; e = e.parentElement) {
    if (!clips(e, "X") && !clips(e, "Y")) continue;
    const frame = e.getBoundingClientRect();
    if (clips(e, "X")) { left = Math.max(left, frame.left); right = Math.min(right, frame.right); }
    if (clips(e, "Y")) { top = Math.max(top, frame.top); bottom = Math.min(bottom, frame.bottom); }
  }
  return { left, right, top, bottom };
}

function cutBy(box, start) {
  let scrolled = false;
  for (let e = start; e && e !== document.body; e = e.parentElement) {
    const frame = e.getBoundingClientRect();
    const sideways = clips(e, "X") && (box.left < frame.left - SLACK || box.right > frame.right + SLACK);
    if (sideways) return e;
    scrolled ||= reached(e);
    const upright = clips(e, "Y") && (box.top < frame.top - SLACK || box.bottom > frame.bottom + SLACK);
    if (upright && !scrolled) return e;
  }
  return null;
}

const words = [];
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
  const node = walker.currentNode, owner = node.parentElement;
  if (!node.textContent.trim() || owner.closest(UNSEEN) || styled(owner).visibility === "hidden") continue;
  const range = document.createRange();
  range.selectNodeContents(node);
  const boxes = [...range.getClientRects()].filter((box) => box.width > 0 && box.height > 0);
  if (!boxes.length || parseFloat(styled(owner).fontSize) === 0) continue;
  words.push({ owner, boxes, text: node.textContent });
}

for (const { owner, boxes, text } of words) {
  if (owner.closest("svg")) continue;
  const size = parseFloat(styled(owner).fontSize);
  if (size < 11) say(`${size} px`, owner, text);
  if (boxes.some((box) => cutBy(box, owner))) say("cut", owner, text);
  const card = owner.closest(".sw-card")?.getBoundingClientRect();
  if (card && boxes.some((b) => b.left < card.left - 1 || b.right > card.right + 1)) say("over the edge", owner, text);
  const cut = (clips(owner, "X") && owner.scrollWidth > owner.clientWidth + 1)
    || (clips(owner, "Y") && !reached(owner) && owner.scrollHeight > owner.clientHeight + 1);
  if (cut && styled(owner).display !== "inline") say("clipped", owner, text);
}

/* Words on words, or on what is drawn beside them. */
const DRAWN = ".sw-spark, .sw-track, .sw-bar, .sw-use-bar, .sw-glyph, .sw-zones, .ag-sort-indicator-icon";
const pieces = new Map();
function add(owner, box, text) {
  // Rows pass below a table's head and foot.
  const card = owner.closest(".sw-card, .sw-header, .sw-tabs");
  if (!card || owner.closest("svg, thead, tfoot, .sw-tip")) return;
  const part = visiblePart(box, owner);
  if (part.right - part.left < 1 || part.bottom - part.top < 1) return;
  pieces.set(card, [...(pieces.get(card) ?? []), { owner, part, text }]);
}
words.forEach(({ owner, boxes, text }) => boxes.forEach((box) => add(owner, box, text)));
document.querySelectorAll(DRAWN).forEach((e) => {
  if (styled(e).visibility !== "hidden" && !e.closest(UNSEEN)) add(e, e.getBoundingClientRect(), e.className);
});
const meet = (a, b, slack) => a.left < b.right - slack && b.left < a.right - slack
  && a.top < b.bottom - slack && b.top < a.bottom - slack;
for (const found of pieces.values()) {
  found.forEach((one, i) => found.slice(i + 1).forEach((other) => {
    if (one.owner !== other.owner && meet(one.part, other.part, 2)) say(`overlaps "${other.text.slice(0, 30)}"`, one.owner, one.text);
  }));
}

/* Charts: every word inside, none on another one. */
for (const graph of document.querySelectorAll(".js-plotly-plot")) {
  const frame = graph.getBoundingClientRect();
  const texts = [...graph.querySelectorAll("text")]
    .filter((t) => t.textContent.trim() && styled(t).display !== "none" && !t.closest(".hoverlayer, .legend, .modebar"))
    .map((t) => ({ t, box: t.getBoundingClientRect() })).filter(({ box }) => box.width > 0);
  for (const { t, box } of texts) {
    const out = box.left < frame.left - 1 || box.right > frame.right + 1 || box.top < frame.top - 1 || box.bottom > frame.bottom + 1;
    if (out) say("leaves its chart", t, `${graph.id} ${t.textContent}`);
  }
  texts.forEach((one, i) => texts.slice(i + 1).forEach((other) => {
    if (meet(one.box, other.box, 2)) say(`in ${graph.parentElement.parentElement.id || graph.id}, on "${other.t.textContent}"`, one.t, one.t.textContent);
  }));
}

document.querySelectorAll("input").forEach((e) => {
  if (e.getBoundingClientRect().width > 1 && e.scrollWidth > e.clientWidth + 1) say("cut", e, e.value);
});
document.querySelectorAll("body *").forEach((e) => {
  if (/auto|scroll/.test(styled(e).overflowX) && e.scrollWidth > e.clientWidth + 1) say("scrolls sideways", e, e.id);
});
if (document.documentElement.scrollWidth > window.innerWidth) faults.push("the page scrolls sideways");
return [...new Set(faults)];

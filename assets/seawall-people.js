/* Who is here: proves again who that is, says when the login has ended, and knows whether a person
 * does something or the page by itself. A password goes to the server alone, never through Dash. */
(() => {
  "use strict";

  const seawall = (window.seawall ??= {});
  const DIALOG = "proof-dialog";
  const NO_ANSWER = "The dashboard's server does not answer.";
  const ACTS = ["pointerdown", "pointermove", "keydown", "wheel", "touchstart"];

  const root = document.documentElement;
  const element = (id) => document.getElementById(id);
  const set = (id, props) => window.dash_clientside.set_props(id, props);
  const html = (type, props) => ({ namespace: "dash_html_components", type, props });
  let visitor = { name: null }, toasts = null, acted = false, proofTimer = null;

  // -- whether somebody does something ------------------------------------------------------

  /** Whether a person did something since this was asked last. */
  function hasActed() {
    const did = acted;
    acted = false;
    return did;
  }

  // -- a login that has ended, or another one -----------------------------------------------

  function ended() {
    element(DIALOG).close();
    const next = encodeURIComponent(window.location.pathname + window.location.search);
    const link = html("A", {
      children: "Sign in again", href: `/login?next=${next}`, target: "_blank", className: "sw-link",
    });
    const text = [
      html("Strong", { children: "Your session has ended." }), " ", link,
      ", in another tab: what you typed here stays.",
    ];
    set("refusal", { children: html("P", { children: text }), className: "sw-banner", "data-state": "halted" });
  }

  /** A page that was drawn for somebody else is drawn anew: nobody shall act in another's name. */
  function heard(name) {
    if (name && visitor.name && decodeURIComponent(name) !== visitor.name) window.location.reload();
  }

  // -- proofs -------------------------------------------------------------------------------

  function setProof(proof, seconds) {
    root.dataset.proof = proof;
    window.clearTimeout(proofTimer);
    const after = visitor.provider ? "provider" : "asked";
    if (proof === "given") proofTimer = window.setTimeout(() => setProof(after), seconds * 1000);
  }

  /** Why it was not taken; empty if it was. */
  async function send(prefix) {
    const password = element(`${prefix}-password`).value;
    if (!password) return "Give your password.";
    const body = new URLSearchParams({ password, code: element(`${prefix}-code`).value });
    const headers = { "X-CSRFToken": seawall.csrf() };
    const answer = await fetch("/prove", { method: "POST", body, headers, cache: "no-store" });
    const data = await answer.json().catch(() => ({}));
    if (answer.status === 401) ended();
    if (!answer.ok) return data.problem || NO_ANSWER;
    setProof("given", data.seconds);
    return "";
  }

  async function prove(prefix) {
    const problem = await send(prefix).catch(() => NO_ANSWER);
    set(`${prefix}-problem`, { children: problem });
    // Taken or not: neither is of use a second time.
    set(`${prefix}-password`, { value: "", error: Boolean(problem) });
    set(`${prefix}-code`, { value: "" });
    if (problem) element(`${prefix}-password`).focus();
    return !problem;
  }

  /** What was refused for want of a proof is done by pressing again what was pressed. */
  function want(wanted) {
    const dialog = element(DIALOG);
    if (wanted && !dialog.open) {
      set(`${DIALOG}-why`, { children: wanted.why });
      set(`${DIALOG}-problem`, { children: "" });
      setProof(visitor.provider ? "provider" : "asked");
      dialog.showModal();
    }
    return window.dash_clientside.no_update;
  }

  async function proveInDialog(event) {
    event.preventDefault();
    if (!(await prove(DIALOG))) return;
    element(DIALOG).close();
    set(toasts, { sendNotifications: [visitor.proved] });
  }

  /** A button whose form asks for a proof proves first, and is pressed then; but not while it is
   * blocked, nor where the form hides the part, because what is chosen there needs none. */
  function proveFirst(event) {
    const button = event.target.closest?.("button[id]");
    const part = button && document.querySelector(`.sw-proof[data-confirms="${CSS.escape(button.id)}"]`);
    if (!part || root.dataset.proof !== "asked" || button.ariaDisabled === "true") return;
    if (!part.checkVisibility()) return;
    event.preventDefault();
    event.stopPropagation();
    prove(part.dataset.prefix).then((proved) => proved && button.click());
  }

  function start(settings) {
    ({ visitor, toasts } = settings);
    root.toggleAttribute("data-factor", visitor.factor);
    setProof(visitor.proof, visitor.proofSeconds);
    ACTS.forEach((act) => window.addEventListener(act, () => (acted = true), { capture: true, passive: true }));
    document.addEventListener("click", proveFirst, true);
    element(`${DIALOG}-form`).addEventListener("submit", proveInDialog);
    element(`${DIALOG}-cancel`).addEventListener("click", () => element(DIALOG).close());
  }

  seawall.people = { start, ended, heard, hasActed, want };
})();

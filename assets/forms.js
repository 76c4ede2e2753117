/* Forms that the server answers with another page (class sw-posted) bring along where they stood
 * and the token that only a page of ours can read; both as they are when the form is sent. */
(() => {
  "use strict";

  const CSRF = "_csrf_token";

  /** What this browser must bring along with whatever it posts. */
  function csrf() {
    const found = document.cookie.split("; ").find((part) => part.startsWith(`${CSRF}=`));
    return found ? decodeURIComponent(found.slice(CSRF.length + 1)) : "";
  }

  Object.assign((window.seawall ??= {}), { csrf });

  function bring(form, name, value) {
    let field = form.querySelector(`input[type="hidden"][name="${name}"]`);
    if (!field) {
      field = Object.assign(document.createElement("input"), { type: "hidden", name });
      form.append(field);
    }
    field.value = value;
  }

  // A page that comes back from the browser's memory was drawn for whoever was here then.
  window.addEventListener("pageshow", (event) => event.persisted && window.location.reload());

  document.addEventListener("submit", (event) => {
    if (!event.target.matches("form.sw-posted")) return;
    bring(event.target, "csrf", csrf());
    bring(event.target, "next", window.location.pathname + window.location.search);
  }, true);
})();

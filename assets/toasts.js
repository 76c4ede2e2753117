/* The library draws a container for messages in each of six places and gives all of them the same
 * id. An id belongs to one element: the others lose it. */
(() => {
  "use strict";

  const observer = new MutationObserver(() => {
    const places = document.querySelectorAll(".mantine-Notifications-root[id]");
    if (!places.length) return;
    observer.disconnect();
    places.forEach((place) => {
      if (place.dataset.position !== "top-right") place.removeAttribute("id");
    });
  });
  observer.observe(document.body, { childList: true, subtree: true });
})();

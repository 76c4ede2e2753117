/* Dash 4.2 to 4.4 clears, for each part that it draws anew, what it noted of that part's changes: one
 * message to its store for each, and with each message every part on the page looks whether that
 * concerns it. A page of 1,500 parts then takes seconds, and hardly any of them had been noted.
 *
 * Here those messages wait for each other: one clears what all of them would, and none is sent where
 * there is nothing to clear. (The cause: plotly/dash issue 3846; without this file pages are slow.) */
(() => {
  "use strict";

  const RESET = "RESET_COMPONENT_STATE";

  function holdResets(store) {
    const send = store.dispatch;
    let waiting = null;

    function sendWaiting() {
      const paths = waiting.sort((one, other) => one.length - other.length);
      waiting = null;
      // As Dash compares them: a part is cleared with whatever its path is the beginning of.
      for (const path of paths) {
        const text = path.join(",");
        const isNoted = Object.keys(store.getState().layoutHashes).some((noted) => noted.startsWith(text));
        if (isNoted) send({ type: RESET, payload: { itempath: path } });
      }
    }

    store.dispatch = (action) => {
      if (action.type !== RESET || !action.payload.itempath) return send(action);
      if (waiting === null) {
        waiting = [];
        queueMicrotask(sendWaiting);
      }
      waiting.push(action.payload.itempath);
      return action;
    };
    return store;
  }

  let store;
  // Dash puts its store here before it draws anything.
  Object.defineProperty(window, "store", {
    get: () => store,
    set: (made) => { store = holdResets(made); },
  });
})();

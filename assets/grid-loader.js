/* Loads the grid library (1.3 MB) with the first grid, and not at all on pages without one.
 *
 * `window.dash_ag_grid` is what Dash asks for the component: a stand-in, which fetches the
 * library and hands everything on to it. Changes of rows that arrive meanwhile are kept.
 *
 * With each change of a row the grid sets what the row had before, its id for one. React drops
 * such a wish but remembers it until the row is drawn anew, which is never: 5 kB a change on a
 * screen that is watched all day. The library therefore gets a `useState` that does not pass on
 * wishes for what there is already. */
(() => {
  "use strict";

  const SOURCE = "_dash-component-suites/dash_ag_grid/dash_ag_grid.min.js";
  let library = null, arriving = null, kept = null;

  /* The page's React. While the library's script runs another one stands in its place for that script
   * alone: a part that is drawn meanwhile and took that one would have other hooks than before. */
  const react = () => (kept ??= window.React);

  function address() {
    const settings = JSON.parse(document.getElementById("_dash-config").textContent);
    return settings.requests_pathname_prefix + SOURCE;
  }

  /* React's `useState`, for changes that are functions of the state alone. */
  const withoutIdleWishes = ({ useState, useRef, useCallback }) => (initial) => {
    const [state, setState] = useState(initial);
    const wished = useRef(state);
    const wish = useCallback((change) => {
      const next = typeof change === "function" ? change(wished.current) : change;
      if (Object.is(next, wished.current)) return;
      wished.current = next;
      setState(() => next);
    }, []);
    return [state, wish];
  };

  function fetchLibrary() {
    arriving ??= new Promise((arrived, failed) => {
      const ours = react();
      const script = document.createElement("script");
      script.src = address();
      script.onload = () => {
        window.React = ours;
        arrived(library);
      };
      script.onerror = () => {
        window.React = ours;
        arriving = null;
        failed(new Error("The grid's script could not be loaded."));
      };
      // What the library takes for React when it runs, and keeps.
      window.React = { ...ours, useState: withoutIdleWishes(ours) };
      document.head.append(script);
    });
    return arriving;
  }

  /* Rows as they are after changes that came before there was a grid to make them in. */
  function changed(rows, getRowId, { add = [], update = [], remove = [] }) {
    const key = getRowId.split(".").at(-1);
    const gone = new Set(remove.map((row) => row[key]));
    const news = new Map(update.map((row) => [row[key], row]));
    const kept = rows.filter((row) => !gone.has(row[key])).map((row) => news.get(row[key]) ?? row);
    return [...kept, ...add];
  }

  /* Options of which those that are worth the same stay the same objects.
   *
   * Totals arrive with all other options anew. A new object is a new setting to the grid, for
   * which it makes its columns and each cell again; and of each cell whose text stays, React
   * keeps the attempt: work in every cycle, and a leak in a long watch. */
  function useSteady(options) {
    const { useRef, useMemo, useEffect } = react();
    const last = useRef({});
    const steady = ([name, value]) => {
      const before = last.current[name];
      return [name, JSON.stringify(before) === JSON.stringify(value) ? before : value];
    };
    const all = useMemo(() => Object.fromEntries(Object.entries(options).map(steady)), [options]);
    useEffect(() => { last.current = all; }, [all]);
    return all;
  }

  const rowsOf = (api) => {
    const rows = [];
    api.forEachNode((node) => rows.push(node.data));
    return rows;
  };

  const dataOf = (api) => {
    const found = new Map();
    api.forEachNode((node) => found.set(node.id, node.data));
    return found;
  };

  /* A cell is drawn anew when its value changes. It also shows others of its row, of which the grid
   * knows nothing: an address, which says what was chosen elsewhere on the page, and words. */
  function drawWhatCellsShowBesides(api, before) {
    const besides = api.getColumnDefs()
      .flatMap(({ context }) => [context.href, context.note, context.absent])
      .filter(Boolean);
    const rowNodes = [];
    api.forEachNode((node) => {
      const old = before.get(node.id);
      if (old && besides.some((name) => old[name] !== node.data[name])) rowNodes.push(node);
    });
    if (rowNodes.length) api.refreshCells({ rowNodes, force: true, suppressFlash: true });
  }

  /* Makes changes of rows in the grid. The library would do so too, but keeps them all for ever. */
  async function change(id, rowTransaction, setProps) {
    const api = await library.getApiAsync(id);
    if (api.isDestroyed()) return;
    const before = dataOf(api);
    api.applyTransaction(rowTransaction);
    drawWhatCellsShowBesides(api, before);
    setProps({ rowData: rowsOf(api), rowTransaction: null });
  }

  function AgGrid(props) {
    const { createElement, useEffect, useState } = react();
    const options = useSteady(props.dashGridOptions);
    const [isHere, setHere] = useState(library !== null);
    const [problem, setProblem] = useState(null);
    const { id, rowTransaction, rowData, getRowId, setProps } = props;

    useEffect(() => {
      if (!isHere) fetchLibrary().then(() => setHere(true), setProblem);
    }, []);
    useEffect(() => {
      if (!rowTransaction) return;
      if (isHere) change(id, rowTransaction, setProps);
      else setProps({ rowData: changed(rowData, getRowId, rowTransaction), rowTransaction: null });
    }, [rowTransaction]);

    if (problem) return createElement("p", { className: "sw-dim sw-pad", role: "alert" }, problem.message);
    if (!isHere) return createElement("div", { id, style: props.style, "aria-busy": "true" });
    return createElement(library.AgGrid, { ...props, dashGridOptions: options, rowTransaction: null });
  }

  Object.assign(AgGrid, {
    dashRenderType: true,
    dashPersistence: { persisted_props: ["selectedRows"], persistence_type: "local" },
  });

  const standIn = {
    AgGrid,
    getApi: (id) => library?.getApi(id),
    getApiAsync: (id) => fetchLibrary().then(() => library.getApiAsync(id)),
  };
  Object.defineProperty(window, "dash_ag_grid", {
    get: () => standIn,
    set: (arrived) => { if (arrived !== standIn) library = arrived; },
  });
})();

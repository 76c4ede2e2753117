/* What the grids of components/grid.py do in the browser: their theme, how a raw number is
 * written, how unknown sorts, what remains on a narrow screen, and the CSV export.
 *
 * Numbers travel raw and are written here by the conventions of pages/format.py; a test holds
 * both to the same texts. */
(() => {
  "use strict";

  const UNKNOWN = "unknown", MINUS = "\u2212", THIN = "\u202f", NBSP = "\u00a0";
  const NARROW = "(max-width: 767px)", ROOMY = "(min-width: 1600px)";

  // -- numbers ------------------------------------------------------------------------------

  /* Rounds as Python does: halves that a binary number really is go to the even digit. */
  function fixed(value, decimals) {
    const scaled = value * 10 ** decimals, floor = Math.floor(scaled);
    const isHalf = scaled - floor === 0.5 && Number.isInteger(value * 2 ** (decimals + 1));
    if (!isHalf) return value.toFixed(decimals);
    return ((floor % 2 === 0 ? floor : floor + 1) / 10 ** decimals).toFixed(decimals);
  }

  function number(value, decimals, signed) {
    const text = fixed(Math.abs(value), decimals);
    const isZero = !/[1-9]/.test(text);
    const sign = isZero ? "" : value < 0 ? MINUS : signed ? "+" : "";
    const [whole, fraction] = text.split(".");
    const grouped = whole.replace(/\B(?=(\d{3})+$)/g, THIN);
    return sign + grouped + (fraction ? `.${fraction}` : "");
  }

  const SCALES = [[999.995e6, "bn", 1e9, 2], [999.95e3, "m", 1e6, 2], [999.5, "k", 1e3, 1]];

  function amount(value, signed) {
    for (const [least, unit, size, decimals] of SCALES) {
      if (Math.abs(value) >= least) return number(value / size, decimals, signed) + NBSP + unit;
    }
    return number(value, 0, signed);
  }

  const wholeDigits = (value) => Math.floor(Math.log10(value)) + 1;

  function price(value) {
    if (value >= 100) return number(value, 2);
    const digits = value > 0 ? wholeDigits(value) : 1;
    return number(value, Math.min(10, 5 - Math.max(digits, -5)));
  }

  function quantity(value) {
    if (value === 0) return "0";
    return number(value, Math.min(10, Math.max(0, 4 - wholeDigits(Math.abs(value)))));
  }

  const percent = (value, decimals, signed) => number(100 * value, decimals, signed) + NBSP + "%";

  const WRITERS = {
    text: (value) => String(value),
    trust: (value) => String(value),
    state: (value) => String(value),
    money: (value) => amount(value, false),
    money_signed: (value) => amount(value, true),
    price,
    quantity,
    percent: (value, decimals) => percent(value, decimals ?? 2, false),
    percent_signed: (value, decimals) => percent(value, decimals ?? 2, true),
    number: (value, decimals) => number(value, decimals ?? 0, false),
    number2: (value) => number(value, 2, false),
  };

  const isUnknown = (value) => value === null || value === undefined || value === "";

  function write(value, kind, decimals) {
    return isUnknown(value) ? UNKNOWN : WRITERS[kind](value, decimals);
  }

  function decimalsOf(value, kind, decimals) {
    if (kind.startsWith("percent")) return (decimals ?? 2) + 2;
    if (kind === "number2") return 2;
    if (kind === "number") return decimals ?? 0;
    if (kind === "price" && Math.abs(value) >= 100) return 2;
    const digits = value === 0 ? 1 : wholeDigits(Math.abs(value));
    if (kind === "price") return Math.min(10, 5 - Math.max(value > 0 ? digits : 1, -5));
    return Math.min(10, Math.max(0, 4 - digits));
  }

  /* A number as precise as it is written: what cannot be seen neither flashes nor sorts. The
   * row keeps the raw number, for the CSV. */
  function shown({ data }, field, kind, decimals) {
    const value = data?.[field];
    if (isUnknown(value)) return value;
    if (kind.startsWith("money")) {
      const [, , size, places] = SCALES.find(([least]) => Math.abs(value) >= least) ?? [0, "", 1, 0];
      return Number((value / size).toFixed(places)) * size;
    }
    return Number(value.toFixed(decimalsOf(value, kind, decimals)));
  }

  /* Where there is no value because there is nothing, the row says so; else nobody knows it. */
  const wordFor = (data, { context }) => data?.[context.absent] || UNKNOWN;

  /* A row of totals says nothing where figures do not add up. */
  const isBlank = ({ node, value }) => Boolean(node?.rowPinned) && value === undefined;

  // -- what the grids call ------------------------------------------------------------------

  /* Unknown comes last in either direction. */
  function unknownLast(one, other, _node, _otherNode, descending) {
    if (isUnknown(one) || isUnknown(other)) {
      const order = Number(isUnknown(one)) - Number(isUnknown(other));
      return descending ? -order : order;
    }
    if (typeof one === "string") return one.localeCompare(other, "en", { numeric: true });
    return one - other;
  }

  /* What a person types into a filter: per cent where per cent is shown. */
  function filterValue(params) {
    const { field, context } = params.colDef;
    const value = params.data[context.shown ?? field];
    const isShare = context.kind.startsWith("percent");
    return isUnknown(value) ? null : isShare ? 100 * value : value;
  }

  const isNarrow = () => window.matchMedia(NARROW).matches;
  const isRoomy = () => window.matchMedia(ROOMY).matches;

  /* The types of columns that a narrow screen has no room for, and most screens have none for. */
  const wide = () => ({ initialHide: isNarrow() });
  const roomy = () => ({ initialHide: !isRoomy() });

  const hasRoom = ({ narrow, roomy }) => narrow || (roomy ? isRoomy() : !isNarrow());

  function fitColumns({ api }) {
    for (const wanted of [true, false]) {
      const changing = api.getColumns().filter((column) => {
        const fits = hasRoom(column.getColDef().context);
        return fits === wanted && column.isVisible() !== fits;
      });
      if (changing.length) api.setColumnsVisible(changing, wanted);
    }
    soonReachable();
  }

  const SCROLLED = ".sw-grid :is(.ag-center-cols-viewport, .ag-body-viewport)";
  const sizes = new ResizeObserver(() => soonReachable());

  /* What scrolls must be reached by keyboard, also where no cell of it can be. */
  function makeReachable() {
    document.querySelectorAll(SCROLLED).forEach((view) => {
      const scrolls = view.scrollWidth > view.clientWidth || view.scrollHeight > view.clientHeight;
      if (scrolls) view.tabIndex = 0;
      else view.removeAttribute("tabindex");
      sizes.observe(view);
      if (view.firstElementChild) sizes.observe(view.firstElementChild);
    });
  }

  let pending = null;

  function soonReachable() {
    window.clearTimeout(pending);
    pending = window.setTimeout(makeReachable, 30);
  }

  const COLOURS = {
    backgroundColor: "surface", foregroundColor: "text", textColor: "text", borderColor: "border",
    headerBackgroundColor: "surface", headerTextColor: "text3", chromeBackgroundColor: "raised",
    rowHoverColor: "hover", selectedRowBackgroundColor: "selection", accentColor: "accent",
    valueChangeValueHighlightBackgroundColor: "selection", menuBackgroundColor: "raised",
    inputBackgroundColor: "surface", inputBorder: "control", tooltipBackgroundColor: "raised",
    tooltipTextColor: "text", iconColor: "text3", columnHoverColor: "hover",
    headerCellHoverBackgroundColor: "hover", dataBackgroundColor: "surface",
    oddRowBackgroundColor: "surface", pinnedColumnBorder: "border",
  };
  const BORDERS = new Set(["inputBorder", "pinnedColumnBorder"]);

  function colours() {
    return Object.fromEntries(Object.entries(COLOURS).map(([name, token]) => {
      const colour = `var(--sw-${token})`;
      return [name, BORDERS.has(name) ? { width: 1, style: "solid", color: colour } : colour];
    }));
  }

  let theme = null;

  /* Colours are CSS variables, so that both schemes follow without building a grid anew. */
  function seawallTheme(base) {
    theme ??= base.withParams({
      ...colours(),
      browserColorScheme: "inherit",
      fontFamily: "var(--sw-font)", fontSize: 12, headerFontSize: 11, headerFontWeight: 500,
      rowHeight: 28, headerHeight: 28, cellHorizontalPadding: 8, spacing: 6, iconSize: 12,
      wrapperBorder: false, wrapperBorderRadius: 0, borderRadius: 6,
      columnBorder: false, headerColumnBorder: false, headerColumnResizeHandleColor: "transparent",
    });
    return theme;
  }

  window.dashAgGridFunctions = Object.assign(window.dashAgGridFunctions || {}, {
    seawallTheme,
    swFormat: (params, kind, decimals) => {
      if (isBlank(params)) return "";
      return isUnknown(params.value) ? wordFor(params.data, params.colDef) : write(params.value, kind, decimals);
    },
    swFilterValue: filterValue,
    swShown: shown,
    swUnknownLast: unknownLast,
    swFitColumns: fitColumns,
    swWide: wide,
    swRoomy: roomy,
    swWrite: write,
  });

  // -- cells that are more than a text ------------------------------------------------------

  function Name(props) {
    // A grid's first cells are drawn: there is no other sign of it.
    React.useEffect(soonReachable, []);
    const { href, note, shown, shows } = props.colDef.context;
    const text = isBlank(props) ? "" : write(shown ? props.data[shown] : props.value, "text");
    const address = href && props.data[href];
    const name = address
      ? React.createElement("a", { href: address, "data-inside": "true", "data-shows": shows, key: "name" }, text)
      : React.createElement("span", { key: "name" }, text);
    const more = note && props.data[note];
    const faint = React.createElement("span", { className: "sw-faint", key: "note" }, ` ${more}`);
    const whole = { className: "sw-grid-name", title: more ? `${text} ${more}` : text };
    return React.createElement("span", whole, more ? [name, faint] : name);
  }

  /* Doubt is dashed: a shape and its word. What is trusted says so quietly. */
  function Trust(props) {
    const text = isBlank(props) ? "" : write(props.value, "trust");
    if (text === "trusted" || !text) return React.createElement("span", { className: "sw-faint" }, text);
    const shape = { className: "sw-glyph", "data-glyph": "stale", "data-state": "stale", "aria-hidden": "true", key: "shape" };
    return React.createElement("span", { className: "sw-grid-trust" }, [React.createElement("span", shape), text]);
  }

  /* A word with its state's shape and colour; without a shape it says so quietly. */
  function State(props) {
    const text = isBlank(props) ? "" : write(props.value, "state");
    const state = props.data[props.colDef.context.shape];
    if (!state) return React.createElement("span", { className: "sw-faint" }, text);
    const shape = { className: "sw-glyph", "data-glyph": state, "data-state": state, "aria-hidden": "true", key: "shape" };
    return React.createElement("span", { className: "sw-grid-state", "data-state": state }, [React.createElement("span", shape), text]);
  }

  window.dashAgGridComponentFunctions = Object.assign(window.dashAgGridComponentFunctions || {}, {
    SwName: Name,
    SwTrust: Trust,
    SwState: State,
  });

  // -- CSV ----------------------------------------------------------------------------------

  /* A text that a spreadsheet would run as a formula gets an apostrophe; numbers stay raw. */
  function safeText(value) {
    if (isUnknown(value)) return UNKNOWN;
    if (typeof value === "number") return String(value);
    const text = String(value);
    return /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  }

  const stamp = () => new Date().toISOString().replace(/[-:]|\.\d+/g, "");

  function exportCsv(box) {
    const api = window.dash_ag_grid.getApi(box.dataset.grid);
    api.exportDataAsCsv({
      allColumns: true,
      fileName: `${box.dataset.csv}-${stamp()}.csv`,
      processCellCallback: ({ node, column }) => {
        const value = node.data[column.getColDef().field];
        if (isBlank({ node, value })) return "";
        return safeText(isUnknown(value) ? wordFor(node.data, column.getColDef()) : value);
      },
      processHeaderCallback: ({ column }) => safeText(column.getColDef().headerName),
    });
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("button[data-csv-of]");
    const box = button && document.querySelector(`[data-grid="${CSS.escape(button.dataset.csvOf)}"]`);
    if (box) exportCsv(box);
  });

  document.addEventListener("input", (event) => {
    const grid = event.target.closest?.("[data-filter-of]")?.dataset.filterOf;
    if (grid) window.dash_ag_grid.getApi(grid).setGridOption("quickFilterText", event.target.value);
  });
})();

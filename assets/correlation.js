/* The pair looked at on the correlation screen: a click on the map, or the two lists, write it
 * into the address. */
(() => {
  "use strict";

  /** Both assets of the cell that was clicked; null on the diagonal. */
  function clicked(click, { assets }) {
    const { x, y } = click.points[0];
    return x === y ? null : [assets[x], assets[y]];
  }

  const same = (one, other) => other && one[0] === other[0] && one[1] === other[1];

  function choosePair(click, first, second, figure) {
    const { triggered } = window.dash_clientside.callback_context;
    const onMap = triggered.some(({ prop_id }) => prop_id === "correlation-map.clickData");
    const shown = figure.layout.meta;
    // Else a second click on the same cell would be no news.
    if (onMap && click) window.dash_clientside.set_props("correlation-map", { clickData: null });
    const pair = onMap && click ? clicked(click, shown) : [first, second];
    if (pair && pair[0] !== pair[1] && !same(pair, shown.pair)) {
      const search = window.seawall.words.searchWith({ pair: pair.join(",") });
      window.dash_clientside.set_props("url", { search });
    }
    return window.dash_clientside.no_update;
  }

  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    correlation: { choosePair },
  });
})();

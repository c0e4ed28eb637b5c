// Draws the plots in the colours of page.css, again when these change: dark or light, screen or paper.
(() => {
  "use strict";
  const root = document.documentElement;
  const figures = JSON.parse(document.getElementById("figures").textContent);
  const plot = (figure) => document.getElementById(`plot-${figure.name}`);
  const hasMouse = matchMedia("(hover: hover) and (pointer: fine)").matches;
  const config = { responsive: true, displaylogo: false, typesetMath: false, displayModeBar: hasMouse ? "hover" : false,
    modeBarButtons: [["toImage", "zoom2d", "pan2d", "resetScale2d"]] }; // and none that would send the plot away

  // A copy of a figure in which "@accent", where a colour stands, has become the page's colour of that name.
  const painted = (value, style, isColour = false) => {
    if (typeof value === "string") return isColour && value[0] === "@" ? style.getPropertyValue(`--${value.slice(1)}`).trim() : value;
    if (Array.isArray(value)) return isColour ? value.map((item) => painted(item, style, true)) : value.map((item) => painted(item, style));
    if (value === null || typeof value !== "object") return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, painted(item, style, /color/.test(key))]));
  };

  const draw = (figure, width) => {
    const style = getComputedStyle(root);
    const layout = painted(figure.layout, style);
    if (!hasMouse) layout.dragmode = false; // a finger that moves over a plot scrolls the page
    const element = plot(figure);
    layout.width = width || element.clientWidth;
    if (figure.isSquare) layout.height = Math.min(layout.height, layout.width + 40);
    element.style.height = `${layout.height}px`;
    return Plotly.react(element, painted(figure.data, style), layout, config);
  };

  // Shows the line of the trial that is pointed at: the part of its trace between two gaps.
  const singleOut = (figure) => {
    const element = plot(figure), last = figure.data.length - 1;
    element.on("plotly_hover", ({ points: [point] }) => {
      if (point.curveNumber === last) return;
      const { x, y } = figure.data[point.curveNumber];
      const start = x.lastIndexOf(null, point.pointNumber) + 1, end = x.indexOf(null, point.pointNumber);
      Plotly.restyle(element, { x: [x.slice(start, end)], y: [y.slice(start, end)] }, [last]);
    });
    element.on("plotly_unhover", () => Plotly.restyle(element, { x: [[]], y: [[]] }, [last]));
  };

  const drawAll = (width) => Promise.all(figures.map((figure) => draw(figure, width)));
  drawAll().then(() => {
    figures.filter((figure) => figure.singlesOut).forEach(singleOut);
    root.classList.add("drawn");
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => drawAll());
  addEventListener("beforeprint", () => { root.classList.add("on-paper"); drawAll(660); });
  addEventListener("afterprint", () => { root.classList.remove("on-paper"); drawAll(); });
})();

// What all charts share: they are drawn when they come into view, and again when the theme or a control changes.

const CHARTS = {}; // by name: async (neuron, choice) => ({ data, layout }); choice(name) is the value of a control
const AUC_TICKS = [0.2, 0.5, 0.7, 0.8, 0.9, 0.95, 0.97, 0.98, 0.99, 0.995, 0.998, 0.999, 0.9998, 0.9999]; // as figures.accuracy
const AUC_CEILING = 0.99999; // a logarithm of 1 - AUC has no place for 1
const MARKERS = ["circle", "triangle-down", "square", "triangle-left", "cross", "x", "diamond", "triangle-right"];
const drawn = new Map();

function axis(title, more = {}) {
  return {
    title: { text: title, standoff: 8, font: { size: 13 } }, gridcolor: themeColour("line"), zeroline: false, linecolor: themeColour("soft"),
    ticks: "outside", tickcolor: themeColour("soft"), ticklen: 4, automargin: true, ...more,
  };
}

const STEPS_OF_A_DECADE = [[1, 1.5, 2, 3, 5, 7], [1, 2, 5], [1, 3], [1]]; // on a logarithmic axis, fine ones first

// A logarithmic axis from low to high, both as exponents of 10, with round numbers on it, the finest of which two to
// seven lie between the ends; two others where there are none such.
function logAxis(title, [low, high]) {
  const between = (steps) => {
    const found = [];
    for (let decade = Math.floor(low); decade <= high; decade += 1) found.push(...steps.map((step) => step * 10 ** decade));
    return found.filter((one) => Math.log10(one) >= low && Math.log10(one) <= high);
  };
  const ticks = STEPS_OF_A_DECADE.map(between).find((one) => one.length >= 2 && one.length <= 7)
    ?? [0.2, 0.8].map((part) => Number((10 ** (low + part * (high - low))).toPrecision(2)));
  const compact = new Intl.NumberFormat("en", { notation: "compact" });
  const text = ticks.map((one) => (one < 10000 ? shortNumber(one) : compact.format(one)));
  return axis(title, { type: "log", range: [low, high], tickvals: ticks, ticktext: text });
}

// Equal steps are equal factors in what is missing to 1; data are plotted as 1 - AUC.
function aucAxis(auc, criterion, title = "ROC AUC") {
  const missing = [...auc, criterion].filter(Number.isFinite).map(missingTo1);
  const low = Math.min(...missing) / 1.4;
  const high = Math.max(...missing) * 1.3;
  let ticks = AUC_TICKS.filter((tick) => 1 - tick >= low && 1 - tick <= high);
  if (ticks.length < 3) {
    const step = (Math.log10(high) - Math.log10(low)) / 4;
    ticks = [0, 1, 2, 3, 4].map((i) => 1 - 10 ** (Math.log10(low) + i * step));
  }
  return axis(title, {
    type: "log", range: [Math.log10(high), Math.log10(low)], tickvals: ticks.map((tick) => 1 - tick),
    ticktext: ticks.map((tick) => (AUC_TICKS.includes(tick) ? String(tick) : shareText(tick, 4))),
  });
}

// A share short of 1 is never written as 1; as report.wording.number.
function shareText(value, digits) {
  return value.toFixed(value > 0.9 && value < 1 ? Math.max(digits, Math.ceil(-Math.log10(1 - value))) : digits);
}

function missingTo1(auc) {
  return 1 - Math.min(auc, AUC_CEILING);
}

function intervalBars(auc, low, high) {
  const missing = Array.from(auc, missingTo1);
  return {
    type: "data", symmetric: false, thickness: 1.4, width: 3,
    array: Array.from(low, (one, i) => missingTo1(one) - missing[i]),
    arrayminus: Array.from(high, (one, i) => missing[i] - missingTo1(one)),
  };
}

function criterionLine(criterion) {
  return {
    type: "line", xref: "paper", x0: 0, x1: 1, y0: 1 - criterion, y1: 1 - criterion, layer: "below",
    line: { color: themeColour("soft"), width: 1.2, dash: "dash" },
  };
}

function layersName(depth) {
  return `${depth} layer${depth === 1 ? "" : "s"}`;
}

function baseLayout(layout) {
  return {
    font: { family: "inherit", size: 13, color: themeColour("ink") }, paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)", margin: { l: 56, r: 14, t: 12, b: 44 }, hovermode: "closest",
    hoverlabel: { bgcolor: themeColour("card"), bordercolor: themeColour("soft"), font: { color: themeColour("ink") } },
    legend: { orientation: "h", x: 0, y: 1.02, xanchor: "left", yanchor: "bottom", font: { size: 12 } },
    modebar: { bgcolor: "rgba(0,0,0,0)", color: themeColour("soft"), activecolor: themeColour("ink") },
    dragmode: "zoom", ...layout,
  };
}

const PLOTLY_OPTIONS = {
  displaylogo: false, responsive: true, displayModeBar: "hover",
  modeBarButtonsToRemove: ["select2d", "lasso2d", "autoScale2d"], showTips: false,
};

async function drawChart(element) {
  const figure = element.closest("figure") ?? element.parentElement;
  const choice = (name) => figure.querySelector(`[data-control="${name}"]`)?.value;
  const { data, layout } = await CHARTS[element.dataset.chart](element.dataset.neuron, choice);
  const Plotly = await loadPlotly();
  await Plotly.react(element, data, baseLayout(layout), PLOTLY_OPTIONS);
  element.dataset.drawn = "yes";
}

// Draw one chart after another: each holds the browser for some tens of milliseconds.
let queue = Promise.resolve();
function enqueue(work) {
  queue = queue.then(work).catch(reportError); // an error is shown, and the next chart drawn
  return queue;
}

const inView = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    if (!isIntersecting || drawn.has(target)) continue;
    inView.unobserve(target);
    drawn.set(target, true);
    enqueue(() => drawChart(target));
  }
}, { rootMargin: "300px" });

function watchCharts(page) {
  for (const element of page.querySelectorAll("[data-chart]")) {
    if (!drawn.has(element)) inView.observe(element);
    for (const control of element.closest("figure").querySelectorAll(":scope > .controls [data-control]")) {
      control.addEventListener("change", () => enqueue(() => drawChart(element)));
    }
  }
}

themeListeners.push(() => drawn.forEach((_, element) => enqueue(() => drawChart(element))));

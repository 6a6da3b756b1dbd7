// The first view: accuracy against depth of all neurons.

const MOST_LABELS = 8;
const LABEL_PX_PER_CHARACTER = 7.5;

CHARTS.comparison = async (_, choice) => {
  const constants = await block("comparison");
  const shown = constants.neurons;
  const chosen = choice("highlight") ?? "";
  const data = shown.map((name, place) => {
    const rows = Array.from(constants.neuron.keys()).filter((i) => constants.neuron[i] === name)
      .sort((one, other) => constants.depth[one] - constants.depth[other]);
    const pick = (column) => rows.map((i) => constants[column][i]);
    const [depth, auc, low, high] = ["depth", "auc", "auc_low", "auc_high"].map(pick);
    const faded = chosen && chosen !== name;
    const shift = shown.length > 1 ? 0.24 * (place / (shown.length - 1) - 0.5) : 0;
    return {
      type: "scatter", mode: "lines+markers", name, x: depth.map((one) => one + shift), y: auc.map(missingTo1),
      error_y: { ...intervalBars(auc, low, high), color: themeColour("soft"), visible: !faded },
      line: { color: themeColour(name === chosen ? "ink" : "soft"), width: name === chosen ? 2.6 : 1.2 },
      marker: { color: depth.map((one) => depthColour(constants, one)), size: name === chosen ? 11 : 8 },
      opacity: faded ? 0.25 : 1,
      text: auc.map((one, i) => `${name}<br>${layersName(depth[i])}: AUC ${one.toFixed(4)} (${low[i].toFixed(4)} to ${high[i].toFixed(4)})`),
      hoverinfo: "text",
    };
  });
  const depths = [...new Set(constants.depth)].sort((one, other) => one - other);
  const few = shown.length <= MOST_LABELS;
  const yaxis = aucAxis([...constants.auc, ...constants.auc_low, ...constants.auc_high], constants.criterion);
  const labelled = data.filter((one) => few || one.name === chosen);
  const longest = Math.max(0, ...labelled.flatMap(({ name }) => inTwoLines(name).split("<br>").map((part) => part.length)));
  return {
    data,
    layout: {
      showlegend: false, shapes: [criterionLine(constants.criterion)], yaxis,
      xaxis: axis("Depth of the network (layers)", {
        tickvals: depths, range: [Math.min(...depths) - 0.6, Math.max(...depths) + 0.6], showgrid: false,
      }),
      margin: { l: 60, r: 14 + LABEL_PX_PER_CHARACTER * longest, t: 12, b: 44 },
      annotations: endLabels(labelled, yaxis.range),
    },
  };
};

// Cell above variant: a long name on one line leaves no room for the chart on a telephone.
function inTwoLines(name) {
  return name.replace(" (", "<br>(");
}

// Names at the right of lines, moved down where they would overlap, and up again where they would leave the chart.
function endLabels(lines, [bottom, top]) {
  const gap = (bottom - top) / 9;
  const ends = lines.map(({ name, y }) => ({ name, at: Math.log10(y.at(-1)) })).filter(({ at }) => Number.isFinite(at))
    .sort((one, other) => one.at - other.at);
  ends.forEach((end, i) => { if (i) end.at = Math.max(end.at, ends[i - 1].at + gap); });
  ends.reverse().forEach((end, i) => { end.at = Math.min(end.at, i ? ends[i - 1].at - gap : bottom - gap / 2); });
  return ends.map(({ name, at }) => ({
    text: inTwoLines(name), align: "left", x: 1.01, xref: "paper", xanchor: "left", y: at, showarrow: false, font: { size: 12 },
  }));
}

const DATA_AXES = {
  output_rate_hz: ["Output rate of a trial (Hz)", { rangemode: "tozero" }],
  interval_ms: ["Interval between output spikes (ms)", { type: "log", dtick: 1 }],
  soma_voltage_mv: ["Soma voltage (mV)", {}],
};

// Data of all neurons: boxes from percentiles, a row a neuron.
CHARTS.data = async (_, choice) => {
  const constants = await block("comparison");
  const measure = choice("measure");
  const [lowerfence, q1, median, q3, upperfence] = [5, 25, 50, 75, 95].map((one) => constants[`data_${measure}_p${one}`]);
  const y = constants.data_cell.map((cell, i) => `${cell} (${constants.data_variant[i]})`);
  return {
    data: [{
      type: "box", orientation: "h", y, lowerfence, q1, median, q3, upperfence, line: { width: 1.6 }, marker: { color: themeColour("soft") }, hoverinfo: "x",
    }],
    layout: { showlegend: false, xaxis: axis(...DATA_AXES[measure]), yaxis: axis("", { autorange: "reversed", dtick: 1 }) },
  };
};

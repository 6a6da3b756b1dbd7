// The part "Depth" of one neuron.

async function numbersOf(neuron) {
  const [constants, numbers] = await Promise.all([block("comparison"), block(`${neuron}-numbers`)]);
  return [constants, numbers];
}

// Rows of a table, as objects.
function rowsOf(numbers, table) {
  const columns = Object.keys(numbers).filter((name) => name.startsWith(`${table}_`));
  const length = columns.length ? numbers[columns[0]].length : 0;
  return Array.from({ length }, (_, i) => (
    Object.fromEntries(columns.map((name) => [name.slice(table.length + 1), numbers[name][i]]))
  ));
}

function unique(values) {
  return [...new Set(values)].sort((one, other) => one - other);
}

function aucText(one, more = "") {
  return `AUC ${shareText(one.auc, 4)} (${shareText(one.auc_low, 4)} to ${shareText(one.auc_high, 4)})${more}`;
}

const DASHES = ["solid", "dot", "dashdot", "longdashdot"]; // of amounts of data, all of them first; the criterion is dashed

function hoursText(value) { // as neurodepth.units.hours
  const [amount, unit] = value >= 0.1 ? [value, "h"] : value * 60 >= 1 ? [value * 60, "min"] : [value * 3600, "s"];
  return `${amount.toFixed(Math.max(0, 1 - Math.floor(Math.log10(amount))))} ${unit}`;
}

CHARTS.accuracy_vs_depth = async (neuron) => {
  const [constants, numbers] = await numbersOf(neuron);
  const rows = rowsOf(numbers, "accuracy");
  const data = unique(rows.map((one) => one.training_trials)).reverse().flatMap((trials, place) => {
    const own = rows.filter((one) => one.training_trials === trials).sort((one, other) => one.depth - other.depth);
    const isLargest = trials === numbers.largest_trials;
    const auc = own.map((one) => one.auc);
    const colours = own.map((one) => depthColour(constants, one.depth));
    const name = hoursText(own[0].training_h);
    const line = { color: themeColour("soft"), width: isLargest ? 1.6 : 1.1, dash: DASHES[Math.min(place, DASHES.length - 1)] };
    const marker = (colour) => ({ color: isLargest ? colour : themeColour("card"), size: 9, line: { color: colour, width: 1.8 } });
    const key = { type: "scatter", mode: "lines+markers", name, x: [null], y: [null], line, marker: marker(themeColour("soft")) };
    return [key, {
      type: "scatter", mode: "lines+markers", name, showlegend: false, x: own.map((one) => one.depth), y: auc.map(missingTo1), line, marker: marker(colours),
      error_y: { ...intervalBars(auc, own.map((one) => one.auc_low), own.map((one) => one.auc_high)), color: themeColour("soft"), visible: isLargest },
      text: own.map((one) => aucText(one, `<br>${layersName(one.depth)}, ${hoursText(one.training_h)}`)), hoverinfo: "text",
    }];
  });
  const seeds = rowsOf(numbers, "evaluation").filter((one) => one.training_trials === numbers.largest_trials);
  if (seeds.length > unique(seeds.map((one) => one.depth)).length) {
    data.push({
      type: "scatter", mode: "markers", name: "seeds", x: seeds.map((one) => one.depth + 0.18), y: seeds.map((one) => missingTo1(one.auc)),
      marker: { color: seeds.map((one) => depthColour(constants, one.depth)), size: 4 }, hoverinfo: "text",
      text: seeds.map((one) => `seed ${one.seed}: AUC ${one.auc.toFixed(4)}`),
    });
  }
  const depths = unique(rows.map((one) => one.depth));
  return {
    data,
    layout: {
      showlegend: true, shapes: [criterionLine(constants.criterion)],
      xaxis: axis("Depth of the network (layers)", { tickvals: depths, range: [depths[0] - 0.6, depths.at(-1) + 0.6], showgrid: false }),
      yaxis: aucAxis(rows.flatMap((one) => [one.auc, one.auc_low, one.auc_high]), constants.criterion),
    },
  };
};

CHARTS.accuracy_vs_data = async (neuron) => {
  const [constants, numbers] = await numbersOf(neuron);
  const rows = rowsOf(numbers, "accuracy");
  const data = unique(rows.map((one) => one.depth)).flatMap((depth) => {
    const own = rows.filter((one) => one.depth === depth).sort((one, other) => one.training_h - other.training_h);
    const colour = depthColour(constants, depth);
    const fitted = numbers.fitted.find((one) => one.depth === depth);
    const auc = own.map((one) => one.auc);
    return [
      {
        type: "scatter", mode: "lines+markers", name: layersName(depth), x: own.map((one) => one.training_h), y: auc.map(missingTo1),
        line: { color: colour, width: 2 }, marker: { color: colour, size: 8, symbol: movedOn(MARKERS, depth) },
        error_y: { ...intervalBars(auc, own.map((one) => one.auc_low), own.map((one) => one.auc_high)), color: colour },
        text: own.map((one) => aucText(one, `<br>${layersName(depth)}, ${hoursText(one.training_h)}`)), hoverinfo: "text",
      },
      {
        type: "scatter", mode: "lines", showlegend: false, x: fitted.training_h, y: fitted.auc.map((one) => (one === null ? null : missingTo1(one))),
        line: { color: colour, width: 1.4, dash: "dot" }, hoverinfo: "skip",
      },
    ];
  });
  return {
    data,
    layout: {
      showlegend: true, shapes: [criterionLine(constants.criterion)],
      xaxis: logAxis("Training data (hours)", paddedLog(data.flatMap((line) => line.x))),
      yaxis: aucAxis(rows.flatMap((one) => [one.auc, one.auc_low, one.auc_high]), constants.criterion),
    },
  };
};

// Range of a logarithmic axis with room for labels at its ends.
function paddedLog(values) {
  const [low, high] = range(values).map(Math.log10);
  const room = Math.max(0.15, 0.12 * (high - low));
  return [low - room, high + room];
}

CHARTS.accuracy_vs_cost = async (neuron, choice) => {
  const [constants, numbers] = await numbersOf(neuron);
  const cost = choice("cost");
  const rows = rowsOf(numbers, "models").sort((one, other) => one[cost] - other[cost]);
  const front = rows.filter((one) => one[`on_front_of_${cost}`]);
  const name = (one) => (one.depth ? `${one.network}, ${layersName(one.depth)}` : one.network);
  const marks = (own, colour, more, symbol = "circle-open") => ({
    type: "scatter", mode: "markers", x: own.map((one) => one[cost]), y: own.map((one) => missingTo1(one.auc)), marker: { color: colour, size: 10, symbol },
    error_y: { ...intervalBars(own.map((one) => one.auc), own.map((one) => one.auc_low), own.map((one) => one.auc_high)), color: colour },
    hoverinfo: "text", hovertext: own.map((one) => `${name(one)}<br>${aucText(one)}<br>${shortNumber(one[cost])}`), ...more,
  });
  const others = rows.filter((one) => !one.depth);
  return {
    data: [
      { type: "scatter", mode: "lines", showlegend: false, x: front.map((one) => one[cost]), y: front.map((one) => missingTo1(one.auc)), line: { color: themeColour("soft"), width: 1.4 }, hoverinfo: "skip" },
      ...unique(rows.map((one) => one.depth)).filter(Boolean).map((depth) => marks(rows.filter((one) => one.depth === depth), depthColour(constants, depth), { name: layersName(depth) }, movedOn(MARKERS, depth))),
      marks(others, themeColour("soft"), { mode: "markers+text", showlegend: false, text: others.map(name), textposition: "top center", textfont: { size: 11 } }),
    ],
    layout: {
      showlegend: true, shapes: [criterionLine(constants.criterion)],
      xaxis: logAxis(cost === "parameters" ? "Weights" : "Multiply-adds per ms of simulated time", paddedLog(rows.map((one) => one[cost]))),
      yaxis: aucAxis(rows.flatMap((one) => [one.auc, one.auc_low, one.auc_high]), constants.criterion),
    },
  };
};

// Curves of one kind on all the data: the first seed of each depth.
function curvesOf(numbers, kind) {
  const rows = rowsOf(numbers, "curves").filter((one) => one.curve === kind && one.training_trials === numbers.largest_trials);
  return unique(rows.map((one) => one.depth)).map((depth) => {
    const own = rows.filter((one) => one.depth === depth);
    const seed = Math.min(...own.map((one) => one.seed));
    return [depth, own.filter((one) => one.seed === seed)];
  });
}

const FEWEST_MS = 20; // of a bin of the calibration; also in figures/prediction.py

CHARTS.calibration = async (neuron) => {
  const [constants, numbers] = await numbersOf(neuron);
  const data = curvesOf(numbers, "reliability").map(([depth, rows]) => {
    const colour = depthColour(constants, depth);
    const own = rows.filter((one) => one.count >= FEWEST_MS);
    return {
      type: "scatter", mode: "lines+markers", name: layersName(depth), x: own.map((one) => one.x), y: own.map((one) => one.y),
      line: { color: colour, width: 1.6 },
      marker: { color: colour, symbol: movedOn(MARKERS, depth), size: own.map((one) => 4 + 1.6 * Math.log10(one.count)) },
      text: own.map((one) => `${layersName(depth)}: predicted ${one.x.toFixed(3)}, observed ${one.y.toFixed(3)}, ${one.count} ms`), hoverinfo: "text",
    };
  });
  const diagonal = { type: "line", x0: 0, y0: 0, x1: 1, y1: 1, layer: "below", line: { color: themeColour("soft"), width: 1, dash: "dash" } };
  return {
    data,
    layout: {
      showlegend: true, shapes: [diagonal], xaxis: axis("Predicted spike probability (per ms)", { range: [-0.02, 1.02] }),
      yaxis: axis("Observed share of ms with a spike", { range: [-0.02, 1.02] }),
    },
  };
};

CHARTS.correlogram = async (neuron) => {
  const [constants, numbers] = await numbersOf(neuron);
  return {
    data: curvesOf(numbers, "correlogram").map(([depth, own]) => ({
      type: "scatter", mode: "lines", name: layersName(depth), x: own.map((one) => one.x), y: own.map((one) => one.y),
      line: { color: depthColour(constants, depth), width: 1.8, shape: "hvh", dash: depthDash(constants, depth) },
    })),
    layout: {
      showlegend: true, hovermode: "x unified", xaxis: axis("Predicted minus true spike time (ms)"),
      yaxis: axis("Predicted spikes per true one and ms", { rangemode: "tozero" }),
    },
  };
};

const LOW_RATE = 0.01; // of false positives; what the inset shows
const OPERATING_RATE = 0.002; // at which spikes are predicted

CHARTS.roc = async (neuron) => {
  const constants = await block("comparison");
  const learned = await block(`${neuron}-learned`);
  const line = (i, more) => ({
    type: "scatter", mode: "lines", name: layersName(learned.roc_depth[i]), x: learned.roc_false_positive_rate, y: row(learned.roc_hit_rate, i),
    line: { color: depthColour(constants, learned.roc_depth[i]), width: 1.8, dash: depthDash(constants, learned.roc_depth[i]) }, ...more,
  });
  const networks = Array.from(learned.roc_depth.keys());
  const operating = { type: "line", xref: "x2", yref: "y2", x0: OPERATING_RATE, x1: OPERATING_RATE, y0: 0, y1: 1, line: { color: themeColour("soft"), width: 1, dash: "dot" } };
  return {
    data: [
      ...networks.map((i) => line(i)),
      ...networks.map((i) => line(i, { xaxis: "x2", yaxis: "y2", showlegend: false })),
    ],
    layout: {
      showlegend: true, shapes: [operating], xaxis: axis("False positive rate (per empty ms)", { range: [-0.01, 1] }),
      yaxis: axis("Share of spikes found", { range: [0, 1.02] }),
      xaxis2: axis("", { domain: [0.42, 0.98], anchor: "y2", range: [0, LOW_RATE], nticks: 4 }),
      yaxis2: axis("", { domain: [0.14, 0.66], anchor: "x2", range: [0, 1.02], nticks: 4 }),
    },
  };
};

CHARTS.training = async (neuron, choice) => {
  const [constants, numbers] = await numbersOf(neuron);
  const measure = choice("measure");
  const isAuc = measure === "validation_auc";
  const shown = (one) => one[measure].map((value) => (isAuc && value !== null ? missingTo1(value) : value));
  const sizes = unique(numbers.histories.map((one) => one.trials)).reverse();
  const histories = [...numbers.histories].sort((one, other) => one.depth - other.depth || other.trials - one.trials);
  const marker = (depth) => ({ color: depthColour(constants, depth), symbol: movedOn(MARKERS, depth), size: 8 });
  const data = histories.flatMap((one) => {
    const colour = depthColour(constants, one.depth);
    const best = one.validation_spike_loss.indexOf(Math.min(...one.validation_spike_loss.filter((loss) => loss !== null)));
    const line = { color: colour, width: 1.5, dash: DASHES[Math.min(sizes.indexOf(one.trials), DASHES.length - 1)] };
    return [
      {
        type: "scatter", mode: "lines", showlegend: false, x: one.updates, y: shown(one), line, hoverinfo: "text",
        text: one[measure].map((value, i) => `${layersName(one.depth)}, ${one.trials} trials, seed ${one.seed}<br>${one.updates[i]} updates: ${value === null ? "undefined" : value.toFixed(4)}`),
      },
      { type: "scatter", mode: "markers", showlegend: false, x: [one.updates[best]], y: [shown(one)[best]], marker: marker(one.depth), hoverinfo: "skip" },
    ];
  });
  data.push(...unique(histories.map((one) => one.depth)).map((depth) => ({
    type: "scatter", mode: "lines+markers", name: layersName(depth), x: [null], y: [null], line: { color: depthColour(constants, depth) }, marker: marker(depth),
  })));
  const title = { validation_auc: "Validation AUC", validation_spike_loss: "Validation loss (nats per ms)", training_loss: "Training loss" }[measure];
  const values = histories.flatMap((one) => one[measure]).filter((value) => value !== null);
  const note = { text: "undefined: no spike in the validation trials", xref: "paper", yref: "paper", x: 0.5, y: 0.5, showarrow: false };
  return {
    data,
    layout: {
      showlegend: true, xaxis: axis("Updates of the weights"), annotations: values.length ? [] : [note],
      yaxis: isAuc && values.length ? aucAxis(values, Math.max(...values), title) : axis(title, values.length ? {} : { range: [0, 1] }),
    },
  };
};

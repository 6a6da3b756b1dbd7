// The part "What the network learned".

CHARTS.templates = async (neuron, choice) => {
  const [constants, learned] = await Promise.all([block("comparison"), block(`${neuron}-learned`)]);
  const chosen = choice("template") || "effect";
  const byType = chosen === "effect" ? learned.effect_by_type : row(learned.template_by_type, Number(chosen));
  const time = Array.from(learned.lag_ms, (lag) => -lag);
  return {
    data: learned.type_names.map((name, i) => {
      const [region, kind] = name.split(" ");
      const colour = region === "soma" ? themeColour("ink") : legible(constants.regions[region] ?? "#8b939c");
      return {
        type: "scatter", mode: "lines", name, x: time, y: row(byType, i),
        line: { color: colour, width: 1.8, dash: kind === "inhibitory" ? "dash" : "solid" },
      };
    }),
    layout: {
      showlegend: true, xaxis: axis("Time before the output (ms)"),
      yaxis: axis(chosen === "effect" ? "Change of the spike logit" : "Response (standard deviations)", { zeroline: true, zerolinecolor: themeColour("soft") }),
    },
  };
};

CHARTS.sparsity = async (neuron, choice) => {
  const [constants, learned] = await Promise.all([block("comparison"), block(`${neuron}-learned`)]);
  const measure = choice("sparsity");
  return {
    data: unique(learned.sparsity_depth).map((depth) => {
      const own = Array.from(learned.sparsity_depth.keys()).filter((i) => learned.sparsity_depth[i] === depth);
      const colour = depthColour(constants, depth);
      return {
        type: "scatter", mode: "lines+markers", name: layersName(depth), x: own.map((i) => learned.sparsity_layer[i]),
        y: own.map((i) => learned[measure][i]), line: { color: colour, width: 1.8 },
        marker: { color: colour, size: 8, symbol: movedOn(MARKERS, depth) },
      };
    }),
    layout: {
      showlegend: true, xaxis: axis("Layer", { dtick: 1 }),
      yaxis: axis(measure === "silent_fraction" ? "Silent share of units and ms" : "Lifetime sparseness", { range: [0, 1.05] }),
    },
  };
};

CHARTS.ablation = async (neuron, choice) => {
  const [constants, learned] = await Promise.all([block("comparison"), block(`${neuron}-learned`)]);
  const measure = choice("ablation");
  const values = learned[`ablation_${measure}`];
  const depths = unique(learned.ablation_depth);
  const shapes = [];
  const data = depths.map((depth) => {
    const own = Array.from(learned.ablation_depth.keys()).filter((i) => learned.ablation_depth[i] === depth);
    const whole = own.find((i) => learned.ablation_region[i] === "none");
    const colour = depthColour(constants, depth);
    shapes.push({ type: "line", yref: "paper", y0: 0, y1: 1, x0: values[whole], x1: values[whole], line: { color: colour, width: 1, dash: "dash" } });
    const rest = own.filter((i) => i !== whole);
    return {
      type: "scatter", mode: "markers", name: layersName(depth), error_x: ablationBars(learned, rest, measure, colour), x: rest.map((i) => values[i]), y: rest.map((i) => learned.ablation_region[i]),
      marker: { color: colour, size: 10, symbol: movedOn(MARKERS, depth) },
    };
  });
  return {
    data,
    layout: {
      showlegend: true, shapes, xaxis: axis(measure === "auc" ? "ROC AUC" : "Variance explained of the soma voltage"),
      yaxis: axis("", { autorange: "reversed" }),
    },
  };
};

// Intervals of the AUC over trials.
function ablationBars(learned, own, measure, color) {
  if (measure !== "auc") return { visible: false };
  const { ablation_auc: auc, ablation_auc_low: low, ablation_auc_high: high } = learned;
  return { type: "data", symmetric: false, color, thickness: 1.4, width: 3, array: own.map((i) => high[i] - auc[i]), arrayminus: own.map((i) => auc[i] - low[i]) };
}

function offerTemplates(select, learned) {
  if (select.options.length) return;
  select.add(new Option("effect of all", "effect"));
  for (let i = 0; i < learned.template.shape[0]; i += 1) select.add(new Option(`filter ${i + 1}`, i));
}

async function startLearned(part) {
  const { neuron } = part.dataset;
  if (!hasBlock(`${neuron}-learned`)) return;
  const learned = await block(`${neuron}-learned`);
  part.querySelectorAll('[data-control="template"]').forEach((select) => offerTemplates(select, learned));
  const figure = part.querySelector(".learned-tree");
  if (figure) startTemplateTree(figure, learned, await block(`${neuron}-tree`));
}

function startTemplateTree(figure, learned, values) {
  const tree = new Tree(figure.querySelector(".tree"), values);
  const [template, synapses, lag] = ["template", "synapses", "lag"].map((name) => figure.querySelector(`[data-control="${name}"]`));
  const readout = figure.querySelector(".readout");
  const lags = learned.effect.shape[1];
  lag.max = lags - 1;
  const scales = new Map();
  const show = () => {
    const weights = template.value === "effect" ? learned.effect : row(learned.template, Number(template.value));
    const isExcitatory = synapses.value === "1";
    const position = lags - 1 - Number(lag.value); // the slider runs with time, to the output at its right end
    const now = Float32Array.from({ length: weights.shape[0] }, (_, synapse) => weights[synapse * lags + position]);
    const key = `${template.value} ${synapses.value} ${isDark()}`;
    if (!scales.has(key)) {
      scales.set(key, diverging(weights, template.value === "effect" ? "Change of the spike logit per input spike" : "Response to an input spike (standard deviations)"));
    }
    const shown = meanBySegment(values, now, isExcitatory);
    tree.colourBy(shown, scales.get(key), (segment) => (Number.isFinite(shown[segment]) ? `; ${shortNumber(shown[segment])}` : ""));
    readout.textContent = `${shortNumber(learned.thin_lag_ms[position])} ms before the output`;
  };
  const strongest = () => {
    let [best, at] = [-1, 0];
    for (let i = 0; i < learned.effect.length; i += 1) if (Math.abs(learned.effect[i]) > best) [best, at] = [Math.abs(learned.effect[i]), i % lags];
    return lags - 1 - at;
  };
  lag.value = strongest();
  for (const control of [template, synapses]) control.addEventListener("change", show);
  lag.addEventListener("input", show);
  themeListeners.push(show);
  show();
}

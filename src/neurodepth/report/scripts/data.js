// The part "Data".

const SPLIT_COLOURS = ["#0072b2", "#e69f00", "#009e73"];
const SPLIT_DASHES = ["solid", "dot", "dash"];

function shareLines(statistics, counts, edges, isGeometric) {
  return statistics.split_names.map((name, i) => {
    const own = row(counts, i);
    const total = own.reduce((sum, one) => sum + one, 0) || 1;
    const middle = Array.from(own, (_, bin) => (isGeometric ? Math.sqrt(edges[bin] * edges[bin + 1]) : (edges[bin] + edges[bin + 1]) / 2));
    return {
      type: "scatter", mode: "lines", name, x: middle, y: Array.from(own, (one) => one / total),
      line: { color: legible(SPLIT_COLOURS[i % SPLIT_COLOURS.length]), width: 1.8, shape: "hvh", dash: SPLIT_DASHES[i % SPLIT_DASHES.length] },
    };
  });
}

CHARTS.intervals = async (neuron) => {
  const statistics = await block(`${neuron}-statistics`);
  return {
    data: shareLines(statistics, statistics.interval_count, statistics.interval_edges_ms, true),
    layout: { showlegend: true, xaxis: axis("Interval between output spikes (ms)", { type: "log", dtick: 1 }), yaxis: axis("Share of the intervals", { rangemode: "tozero" }) },
  };
};

CHARTS.voltages = async (neuron) => {
  const statistics = await block(`${neuron}-statistics`);
  return {
    data: shareLines(statistics, statistics.voltage_count, statistics.voltage_edges_mv, false),
    layout: { showlegend: true, xaxis: axis("Soma voltage (mV)"), yaxis: axis("Share of the milliseconds", { type: "log", dtick: 1, exponentformat: "power" }) },
  };
};

CHARTS.rates = async (neuron) => {
  const statistics = await block(`${neuron}-statistics`);
  return {
    data: statistics.split_names.map((name, i) => ({
      type: "histogram", histnorm: "probability", name, x: statistics.output_rate_hz.filter((_, trial) => statistics.trial_split[trial] === i),
      marker: { color: legible(SPLIT_COLOURS[i % SPLIT_COLOURS.length]) }, opacity: 0.85,
    })),
    layout: { showlegend: true, barmode: "group", bargap: 0.1, xaxis: axis("Output rate of a trial (Hz)"), yaxis: axis("Share of the trials") },
  };
};

CHARTS.input_rates = async (neuron) => {
  const [constants, statistics] = await Promise.all([block("comparison"), block(`${neuron}-statistics`)]);
  const types = statistics.type_names.length;
  return {
    data: statistics.type_names.map((name, type) => ({
      type: "box", name, boxpoints: false,
      x: Float32Array.from({ length: statistics.trial_split.length }, (_, trial) => statistics.input_rate_hz[trial * types + type]),
      marker: { color: legible(name.endsWith("excitatory") ? constants.excitatory : constants.inhibitory) },
    })),
    layout: { showlegend: false, xaxis: axis("Rate (Hz per synapse)", { rangemode: "tozero" }), yaxis: axis("", { autorange: "reversed" }) },
  };
};

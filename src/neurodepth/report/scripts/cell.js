// The part "The cell": the tree, coloured by choice.

// Sum of numbers of synapses over those of each segment; NaN where it has none of the kind.
function bySegment(tree, values, isExcitatory) {
  const sums = new Float32Array(tree.segment_diameter_um.length).fill(NaN);
  for (let i = 0; i < tree.synapse_segment.length; i += 1) {
    if (Boolean(tree.synapse_excitatory[i]) !== isExcitatory) continue;
    const segment = tree.synapse_segment[i];
    sums[segment] = (Number.isNaN(sums[segment]) ? 0 : sums[segment]) + values[i];
  }
  return sums;
}

// As bySegment, their mean.
function meanBySegment(tree, values, isExcitatory) {
  const counts = bySegment(tree, new Float32Array(values.length).fill(1), isExcitatory);
  return bySegment(tree, values, isExcitatory).map((sum, segment) => sum / counts[segment]);
}

function meanVoltage(tree, played) {
  const means = new Float32Array(tree.segment_diameter_um.length).fill(NaN);
  const [trials, samples, segments] = played.segment_voltage_mv.shape;
  for (let segment = 0; segment < segments; segment += 1) {
    let sum = 0;
    for (let i = segment; i < played.segment_voltage_mv.length; i += segments) sum += played.segment_voltage_mv[i];
    means[played.segment_voltage_segment[segment]] = sum / (trials * samples);
  }
  return means;
}

function sequential(values, title, stops) {
  const [low, high] = range(values);
  return { low, high, stops, title };
}

function usual(values, title, stops) {
  const [low, high] = usualRange(values);
  return { low, high, stops, title, isClipped: true };
}

// As `neurodepth show` colours a density: on a logarithmic scale, grey where there is none.
function density(values, title, stops) {
  return { ...sequential(values.filter((one) => one > 0), title, stops), isLog: true, note: "; grey: none" };
}

function diverging(values, title) {
  const [low, high] = range(values);
  const largest = Math.max(Math.abs(low), Math.abs(high));
  return { low: -largest, high: largest, stops: divergingStops(), title };
}

function meanEffect(learned, excitatory, tree) {
  const lags = learned.effect.shape[1];
  const means = Float32Array.from({ length: learned.effect.shape[0] }, (_, synapse) => (
    row(learned.effect, synapse).reduce((sum, one) => sum + one, 0) / lags
  ));
  return meanBySegment(tree, means, excitatory);
}

// What the tree can be coloured by: [name, numbers, scale].
async function colourings(neuron, tree, constants) {
  const found = [["distance from the soma", tree.segment_distance_um, sequential(tree.segment_distance_um, "Distance from the soma (µm)", constants.viridis)]];
  tree.density_names.forEach((name, i) => {
    const values = row(tree.density_s_per_cm2, i);
    const unit = tree.density_units[i].replace("cm2", "cm²");
    found.push([`density of ${name}`, values, density(values, `${name} (${unit})`, constants.viridis)]);
  });
  for (const [kind, isExcitatory] of [["excitatory", true], ["inhibitory", false]]) {
    const rate = bySegment(tree, tree.rate_hz, isExcitatory);
    found.push([`${kind} input rate`, rate, sequential(rate, `Input rate, ${kind} (Hz per segment)`, constants.viridis)]);
  }
  if (hasBlock(`${neuron}-played`)) {
    const played = await block(`${neuron}-played`);
    if (played.segment_voltage_mv) {
      const voltage = meanVoltage(tree, played);
      found.push(["mean voltage", voltage, usual(voltage, "Mean voltage (mV)", constants.cividis)]);
    }
  }
  if (hasBlock(`${neuron}-learned`)) {
    const learned = await block(`${neuron}-learned`);
    for (const [kind, isExcitatory] of [["excitatory", true], ["inhibitory", false]]) {
      const weight = meanEffect(learned, isExcitatory, tree);
      found.push([`weight of the first layer, ${kind}`, weight, diverging(weight, `Mean effect on the spike logit, ${kind}`)]);
    }
  }
  return found;
}

async function startCell(part) {
  const holder = part.querySelector(".tree");
  if (!holder) return;
  const { neuron } = part.dataset;
  const [constants, values] = await Promise.all([block("comparison"), block(`${neuron}-tree`)]);
  const tree = new Tree(holder, values);
  const select = part.querySelector('[data-control="colour"]');
  select.add(new Option("region", "region"));
  for (const [name] of await colourings(neuron, values, constants)) select.add(new Option(name));
  const show = async () => {
    if (select.value === "region") {
      tree.colourByName(values.segment_region, regionKey(constants, values.segment_region), () => "");
      return;
    }
    const [, numbers, scale] = (await colourings(neuron, values, constants)).find(([name]) => name === select.value);
    tree.colourBy(numbers, scale, (segment) => (Number.isFinite(numbers[segment]) ? `; ${scale.title}: ${shortNumber(numbers[segment])}` : ""));
  };
  select.addEventListener("change", show);
  themeListeners.push(show);
  await show();
}

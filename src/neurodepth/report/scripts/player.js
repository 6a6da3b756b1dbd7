// The part "A trial to play": everything of one test trial over time, and the tree at one time.

const SPEEDS_MS_PER_S = [20, 100, 500, 1000];
const WARM_UP_MS = 500;
const FIRST_WINDOW_MS = 1500;
const FEW_SYNAPSES = 300; // whose events are drawn larger, to be seen
const CLIP_MV = -55; // above it networks learn a spike, not a voltage
const REGION_ORDER = ["axon", "soma", "basal", "trunk", "oblique", "tuft"]; // as figures.dendrite;
// Heights of the panels from below, as shares: [start, end].
const PANELS = {
  dendrite: { probability: [0, 0.14], voltage: [0.18, 0.36], spikes: [0.39, 0.45], dendrite: [0.48, 0.76], raster: [0.79, 1] },
  none: { probability: [0, 0.2], voltage: [0.26, 0.56], spikes: [0.6, 0.68], raster: [0.72, 1] },
};

// Upright marks as one line with gaps: thousands of them are one shape to the browser.
function marks(times, heights, halfHeight) {
  const [x, y] = [[], []];
  times.forEach((time, i) => {
    x.push(time, time, null);
    y.push(heights[i] - halfHeight, heights[i] + halfHeight, null);
  });
  return { type: "scatter", mode: "lines", x, y, connectgaps: false, hoverinfo: "skip", showlegend: false };
}

class Player {
  constructor(figure, played, tree, constants) {
    Object.assign(this, { figure, played, constants, values: tree, time: 0, isPlaying: false });
    this.durationMs = played.duration_ms;
    this.plot = figure.querySelector('[data-plot="player"]');
    this.readout = figure.querySelector(".readout");
    this.controls = Object.fromEntries([...figure.querySelectorAll("[data-control]")].map((one) => [one.dataset.control, one]));
    this.hasDendrites = "segment_voltage_mv" in played && figure.querySelector(".tree") !== null;
    if (this.hasDendrites) this.prepareDendrite();
    this.cursor = document.createElement("div");
    this.cursor.className = "cursor";
    this.offer();
    this.listen();
  }

  get trial() { return Number(this.controls.trial.value); }

  get network() { return Number(this.controls.depth.value); }

  prepareDendrite() {
    const { segment_voltage_segment: segments, segment_voltage_mv: voltage } = this.played;
    const regions = this.values.segment_region;
    const rank = (segment) => [REGION_ORDER.indexOf(regions[segment]), this.values.segment_distance_um[segment]];
    this.order = Array.from(segments.keys()).sort((one, other) => {
      const [[a, near], [b, far]] = [rank(segments[one]), rank(segments[other])];
      return a - b || near - far;
    });
    this.orderedRegions = this.order.map((i) => regions[segments[i]]);
    this.scale = usual(voltage, "Voltage (mV)", this.constants.cividis);
    this.tree = new Tree(this.figure.querySelector(".tree"), this.values);
  }

  offer() {
    const { trial, depth, speed, time } = this.controls;
    this.played.trial_index.forEach((index, i) => trial.add(new Option(index, i)));
    this.played.depths.forEach((layers, i) => depth.add(new Option(layersName(layers), i)));
    depth.value = this.played.depths.length - 1;
    SPEEDS_MS_PER_S.forEach((one) => speed.add(new Option(`${one} ms per s`, one)));
    speed.value = 100;
    time.max = this.durationMs - 1;
  }

  listen() {
    const { trial, depth, time } = this.controls;
    trial.addEventListener("change", () => this.chooseTrial());
    depth.addEventListener("change", () => this.draw());
    time.addEventListener("input", () => this.goTo(Number(time.value)));
    this.figure.addEventListener("click", ({ target }) => {
      if (!target.matches?.("button")) return;
      if ("step" in target.dataset) this.step(Number(target.dataset.step));
      if ("play" in target.dataset) this.play(!this.isPlaying);
      if ("scale" in target.dataset) this.zoom(target.dataset.scale);
    });
    this.figure.addEventListener("keydown", (event) => {
      if (event.target.matches("select, input")) return;
      const action = {
        ArrowLeft: () => this.step(event.shiftKey ? -10 : -1), ArrowRight: () => this.step(event.shiftKey ? 10 : 1),
        " ": event.target.matches("button") ? null : () => this.play(!this.isPlaying),
      }[event.key];
      if (!action) return;
      event.preventDefault();
      action();
    });
    themeListeners.push(() => enqueue(() => this.draw()));
  }

  spikeTimes() {
    return Array.from(this.played.spike_time_ms).filter((_, i) => this.played.spike_trial[i] === this.trial);
  }

  // The stretch with the most spikes, the earliest of several, with some room before the first; the time is its first spike.
  async chooseTrial() {
    const spikes = this.spikeTimes();
    const length = Math.min(FIRST_WINDOW_MS, this.durationMs);
    const late = spikes.filter((one) => one >= WARM_UP_MS);
    const count = (start) => spikes.filter((one) => one >= start && one < start + length).length;
    const starts = late.map((one) => Math.max(0, Math.min(one - 0.15 * length, this.durationMs - length)));
    const start = starts.reduce((best, one) => (count(one) > count(best) ? one : best), starts[0] ?? 0);
    this.range = [start, start + length];
    await this.draw();
    this.goTo(Math.floor(late.find((one) => one >= start) ?? start));
  }

  async draw() {
    const Plotly = await loadPlotly();
    await Plotly.react(this.plot, this.traces(), baseLayout(this.layout()), { ...PLOTLY_OPTIONS, displayModeBar: false });
    if (!this.cursor.isConnected) {
      this.plot.append(this.cursor);
      this.plot.on("plotly_relayout", () => {
        this.range = [...this.plot.layout.xaxis.range];
        this.placeCursor();
      });
      this.plot.on("plotly_afterplot", () => this.placeCursor());
      this.plot.on("plotly_click", ({ points }) => this.goTo(points[0].x));
    }
    this.plot.dataset.drawn = "yes";
    this.show();
  }

  traces() {
    const { played, constants, trial, network } = this;
    const ink = themeColour("ink");
    const colour = depthColour(constants, played.depths[network]);
    const time = Float32Array.from({ length: this.durationMs }, (_, i) => i);
    const clipped = (values) => values.map((one) => Math.min(one, CLIP_MV));
    const line = (y, name, yaxis, more) => ({ type: "scatter", mode: "lines", x: time, y, name, yaxis, showlegend: false, hovertemplate: "%{y:.3~f}", line: { width: 1.4, ...more } });
    const predicted = Array.from(played.predicted_spike_time_ms).filter((_, i) => (
      played.predicted_spike_trial[i] === trial && played.predicted_spike_depth[i] === played.depths[network]
    ));
    const upright = (times, height, yaxis, of) => ({ ...marks(times, times.map(() => height), 0.4), yaxis, line: { color: of, width: 1.8 } });
    return [
      ...this.raster(),
      upright(this.spikeTimes(), 1, "y3", ink),
      upright(predicted, 0, "y3", colour),
      line(clipped(row(played.soma_voltage_mv, trial)), "cell", "y4", { color: ink }),
      line(clipped(row(played.predicted_voltage_mv, network, trial)), "network", "y4", { color: colour }),
      line(row(played.probability, network, trial), "probability", "y5", { color: colour }),
      ...(this.hasDendrites ? [this.image()] : []),
    ];
  }

  raster() {
    const { played, trial, constants } = this;
    const excitatory = Number(this.figure.dataset.excitatory);
    const kinds = [[[], []], [[], []]];
    for (let i = 0; i < played.event_trial.length; i += 1) {
      if (played.event_trial[i] !== trial) continue;
      const [times, synapses] = kinds[played.event_synapse[i] < excitatory ? 0 : 1];
      times.push(played.event_time_ms[i]);
      synapses.push(played.event_synapse[i]);
    }
    const nSynapses = Number(this.figure.dataset.synapses);
    const isSparse = nSynapses < FEW_SYNAPSES;
    const half = nSynapses / (isSparse ? 80 : 300);
    return kinds.map(([times, synapses], kind) => (
      { ...marks(times, synapses, half), yaxis: "y", line: { color: legible(kind ? constants.inhibitory : constants.excitatory), width: isSparse ? 1.4 : 0.9 } }
    ));
  }

  image() {
    const { played, trial } = this;
    const voltage = row(played.segment_voltage_mv, trial);
    const [samples, segments] = voltage.shape;
    const z = this.order.map((segment) => Float32Array.from({ length: samples }, (_, i) => voltage[i * segments + segment]));
    return {
      type: "heatmap", z, x: Float32Array.from({ length: samples }, (_, i) => i * played.segment_voltage_sample_ms), yaxis: "y2", zsmooth: "fast", showscale: false,
      zmin: this.scale.low, zmax: this.scale.high, colorscale: this.scale.stops.map((stop, i, all) => [i / (all.length - 1), stop]),
      hovertemplate: "%{x} ms: %{z:.0f} mV<extra></extra>",
    };
  }

  layout() {
    const panels = PANELS[this.hasDendrites ? "dendrite" : "none"];
    const panel = (name, title, more) => axis(title, { domain: panels[name], fixedrange: true, showgrid: false, ...more });
    const { excitatory, synapses } = this.figure.dataset;
    const layout = {
      showlegend: false, hovermode: "closest", margin: { l: 74, r: 8, t: 6, b: 42 },
      xaxis: axis("Time in the trial (ms)", { range: this.range, anchor: "y5", showgrid: false, minallowed: 0, maxallowed: this.durationMs }),
      yaxis: panel("raster", "Synapse", { range: [Number(synapses), 0], tickvals: [...new Set([0, Number(excitatory), Number(synapses)])] }),
      yaxis3: panel("spikes", "", { range: [-0.6, 1.6], tickvals: [1, 0], ticktext: ["cell", layersName(this.played.depths[this.network])], ticklen: 0 }),
      yaxis4: panel("voltage", "Soma (mV)", { nticks: 4 }),
      yaxis5: panel("probability", "Probability<br>(per ms)", { rangemode: "tozero", nticks: 3 }),
    };
    if (this.hasDendrites) {
      const regions = [...new Set(this.orderedRegions)];
      const middle = regions.map((region) => (this.orderedRegions.indexOf(region) + this.orderedRegions.lastIndexOf(region)) / 2);
      const wide = regions.map((region, i) => (this.orderedRegions.filter((one) => one === region).length > this.order.length / 30 ? i : -1)).filter((i) => i >= 0);
      layout.yaxis2 = panel("dendrite", "", { tickvals: wide.map((i) => middle[i]), ticktext: wide.map((i) => regions[i]), ticklen: 0, range: [-0.5, this.order.length - 0.5] });
      layout.shapes = regions.slice(1).map((region) => ({
        type: "line", xref: "paper", x0: 0, x1: 1, yref: "y2", y0: this.orderedRegions.indexOf(region) - 0.5, y1: this.orderedRegions.indexOf(region) - 0.5,
        line: { color: themeColour("card"), width: 1 },
      }));
    }
    return layout;
  }

  async setRange(range) {
    this.range = range;
    const Plotly = await loadPlotly();
    await Plotly.relayout(this.plot, { "xaxis.range": range });
  }

  zoom(scale) {
    if (scale === "all") return this.setRange([0, this.durationMs]);
    const length = Math.max(20, Math.min(this.durationMs, (this.range[1] - this.range[0]) * Number(scale)));
    const isShown = this.time >= this.range[0] && this.time <= this.range[1];
    const middle = isShown ? this.time : (this.range[0] + this.range[1]) / 2;
    const start = Math.max(0, Math.min(this.durationMs - length, middle - length / 2));
    return this.setRange([start, start + length]);
  }

  step(byMs) {
    this.play(false);
    this.goTo(this.time + byMs);
  }

  goTo(timeMs) {
    this.time = Math.max(0, Math.min(this.durationMs - 1, Math.round(timeMs)));
    const length = this.range[1] - this.range[0];
    if (this.time < this.range[0] || this.time > this.range[1]) {
      const start = Math.max(0, Math.min(this.durationMs - length, this.time - 0.1 * length));
      this.setRange([start, start + length]);
    }
    this.show();
  }

  play(isPlaying) {
    this.isPlaying = isPlaying;
    const button = this.figure.querySelector("[data-play]");
    button.textContent = isPlaying ? "Pause" : "Play";
    button.setAttribute("aria-label", button.textContent);
    if (!isPlaying) return;
    if (this.time >= this.durationMs - 1) this.goTo(0);
    let [last, at] = [performance.now(), this.time];
    const advance = (now) => {
      if (!this.isPlaying) return;
      at += (Number(this.controls.speed.value) * (now - last)) / 1000;
      last = now;
      this.goTo(at);
      if (this.time >= this.durationMs - 1 || this.figure.closest(".page").hidden) this.play(false);
      else requestAnimationFrame(advance);
    };
    requestAnimationFrame(advance);
  }

  show() {
    const { played, trial, network, time } = this;
    this.controls.time.value = time;
    const [soma, predicted, chance] = [
      row(played.soma_voltage_mv, trial)[time], row(played.predicted_voltage_mv, network, trial)[time], row(played.probability, network, trial)[time],
    ];
    this.readout.textContent = `${time} ms: soma ${soma.toFixed(1)} mV, predicted ${predicted.toFixed(1)} mV, spike probability ${chance.toFixed(3)}`.replaceAll("-", "−");
    this.placeCursor();
    if (!this.hasDendrites) return;
    const sample = Math.min(Math.floor(time / played.segment_voltage_sample_ms), played.segment_voltage_mv.shape[1] - 1);
    const now = row(played.segment_voltage_mv, trial, sample);
    const bySegmentMv = new Float32Array(this.values.segment_diameter_um.length).fill(NaN);
    played.segment_voltage_segment.forEach((segment, i) => { bySegmentMv[segment] = now[i]; });
    this.tree.colourBy(bySegmentMv, this.scale, (segment) => (Number.isFinite(bySegmentMv[segment]) ? `; ${bySegmentMv[segment].toFixed(0)} mV` : ""));
  }

  placeCursor() {
    const x = this.plot._fullLayout?.xaxis;
    if (!x) return;
    const at = x._offset + x.l2p(this.time + 0.5);
    this.cursor.style.transform = `translateX(${at}px)`;
    this.cursor.hidden = at < x._offset || at > x._offset + x._length;
    this.cursor.dataset.time = this.time;
  }
}

async function startPlayer(part) {
  const figure = part.querySelector(".player");
  if (!figure) return;
  const { neuron } = part.dataset;
  const tree = hasBlock(`${neuron}-tree`) ? block(`${neuron}-tree`) : null;
  const player = new Player(figure, await block(`${neuron}-played`), await tree, await block("comparison"));
  await player.chooseTrial();
}

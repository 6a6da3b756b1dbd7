// A dendritic tree on a canvas, that turns: a line a segment, each of its own width and colour. It takes about a
// millisecond to draw, where WebGL takes tens on a machine without a graphics processor.

const THINNEST_UM = 1.5; // a thinner dendrite is drawn this thick, to be seen at all
const WIDENING = 2; // dendrites are drawn this many times too wide, as in most drawings of whole cells
const SCALE_BARS_UM = [10, 20, 50, 100, 200, 500, 1000];

function colourMap(stops) {
  const table = [];
  for (let i = 0; i < 256; i += 1) {
    const at = (i / 255) * (stops.length - 1);
    const stop = Math.min(Math.floor(at), stops.length - 2);
    table.push(mixed(stops[stop], stops[stop + 1], at - stop));
  }
  return table;
}

// Blue below zero, orange above, the colour of lines at zero; the farther from it, the more it stands out.
function divergingStops() {
  const [below, above] = isDark() ? [["#a6d8ff", "#2b7bba"], ["#d55e00", "#ffc27a"]] : [["#08306b", "#3a86c8"], ["#e08214", "#7f3b08"]];
  return [...below, themeColour("line"), ...above];
}

class Tree {
  constructor(holder, tree) {
    this.holder = holder;
    this.canvas = holder.querySelector("canvas");
    this.hovered = holder.querySelector(".hovered");
    this.bar = holder.querySelector(".colour-bar");
    this.tree = tree;
    this.n = tree.segment_diameter_um.length;
    this.middle = this.findMiddle();
    this.colours = new Array(this.n).fill(themeColour("ink"));
    this.describe = () => "";
    this.reset();
    this.listen();
    new ResizeObserver(() => this.draw()).observe(this.canvas);
  }

  findMiddle() {
    const middle = [0, 1, 2].map((axis) => {
      const values = [];
      for (let i = 0; i < this.n; i += 1) {
        values.push(this.tree.segment_start_um[3 * i + axis], this.tree.segment_end_um[3 * i + axis]);
      }
      return [Math.min(...values), Math.max(...values)];
    });
    this.extent = middle.map(([low, high]) => high - low);
    return middle.map(([low, high]) => (low + high) / 2);
  }

  reset() {
    this.turn = 0;
    this.tilt = 0;
    this.zoom = 1;
    this.draw();
  }

  // Colour by numbers: { low, high, stops, title, note, isLog, isClipped }; NaN, and 0 on a logarithmic scale, are drawn in the
  // colour of lines.
  colourBy(values, scale, describe) {
    const table = (scale.table ??= colourMap(scale.stops));
    const none = themeColour("line");
    const along = scale.isLog ? Math.log10 : (value) => value;
    const [low, high] = [along(scale.low), along(scale.high)];
    const factor = 255 / (high - low || 1);
    this.colours = Array.from(values, (value) => (
      Number.isFinite(along(value)) ? table[Math.max(0, Math.min(255, Math.round((along(value) - low) * factor)))] : none
    ));
    if (describe) this.describe = describe;
    if (this.shownScale !== scale) this.showScale(scale);
    this.draw();
  }

  showScale(scale) {
    this.shownScale = scale;
    const { low, high, isLog, isClipped } = scale;
    const ends = [low, isLog ? Math.sqrt(low * high) : (low + high) / 2, high].map(shortNumber);
    if (isClipped) [ends[0], ends[2]] = [`≤ ${ends[0]}`, `≥ ${ends[2]}`];
    const labels = ends.map((value) => `<span>${value}</span>`);
    this.bar.innerHTML = `<span class="title"></span><span class="gradient" role="img"></span><span class="ends">${labels.join("")}</span>`;
    this.bar.querySelector(".title").textContent = scale.title + (scale.note ?? "");
    const gradient = this.bar.querySelector(".gradient");
    gradient.style.background = `linear-gradient(to right, ${scale.stops.join(", ")})`;
    gradient.setAttribute("aria-label", `${scale.title}: ${ends[0]} to ${ends[2]}`);
  }

  // Colour by names: [name, colour] pairs make the key.
  colourByName(names, key, describe) {
    const colours = new Map(key);
    this.colours = names.map((name) => colours.get(name));
    this.describe = describe;
    this.shownScale = null;
    this.bar.replaceChildren(...key.map(([name, colour]) => {
      const entry = document.createElement("span");
      entry.className = "keyed";
      entry.innerHTML = `<span class="key" style="background:${colour}"></span>`;
      entry.append(name);
      return entry;
    }));
    this.draw();
  }

  project() {
    const [cosTurn, sinTurn, cosTilt, sinTilt] = [Math.cos(this.turn), Math.sin(this.turn), Math.cos(this.tilt), Math.sin(this.tilt)];
    const { segment_start_um: start, segment_end_um: end } = this.tree;
    const onto = (from, i) => {
      const [x, y, z] = [0, 1, 2].map((axis) => from[3 * i + axis] - this.middle[axis]);
      const depth = cosTurn * z - sinTurn * x;
      return [cosTurn * x + sinTurn * z, cosTilt * y - sinTilt * depth, sinTilt * y + cosTilt * depth];
    };
    const lines = [];
    for (let i = 0; i < this.n; i += 1) {
      const [[x0, y0, z0], [x1, y1, z1]] = [onto(start, i), onto(end, i)];
      lines.push([x0, y0, x1, y1, z0 + z1, i]);
    }
    return lines.sort((one, other) => one[4] - other[4]); // the nearest last, on top
  }

  draw() {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    if (!width || !height) return;
    const density = window.devicePixelRatio || 1;
    this.canvas.width = Math.round(width * density);
    this.canvas.height = Math.round(height * density);
    const context = this.canvas.getContext("2d");
    this.holder.dataset.drawn = "yes";
    context.setTransform(density, 0, 0, density, 0, 0);
    const across = Math.hypot(this.extent[0], this.extent[2]) || 1;
    const perUm = this.zoom * Math.min((width - 24) / across, (height - 40) / (this.extent[1] || 1));
    this.placed = this.project().map(([x0, y0, x1, y1, , i]) => [
      width / 2 + perUm * x0, height / 2 - perUm * y0, width / 2 + perUm * x1, height / 2 - perUm * y1, i,
    ]);
    context.lineCap = "round";
    for (const [x0, y0, x1, y1, i] of this.placed) {
      context.strokeStyle = this.colours[i];
      context.lineWidth = Math.max(THINNEST_UM, this.tree.segment_diameter_um[i]) * WIDENING * perUm;
      context.beginPath();
      context.moveTo(x0, y0);
      context.lineTo(x1, y1);
      context.stroke();
    }
    this.drawScaleBar(context, perUm, height);
    Object.assign(this.canvas.dataset, { turn: this.turn.toFixed(3), tilt: this.tilt.toFixed(3), zoom: this.zoom.toFixed(3) });
  }

  drawScaleBar(context, perUm, height) {
    const long = SCALE_BARS_UM.find((one) => one * perUm >= 40) ?? SCALE_BARS_UM.at(-1);
    context.fillStyle = themeColour("ink");
    context.fillRect(10, height - 12, long * perUm, 3);
    context.font = "12px system-ui, sans-serif";
    context.fillText(`${long} µm`, 10, height - 18);
    this.canvas.dataset.scaleUm = long;
  }

  rotate(turn, tilt) {
    this.turn += turn;
    this.tilt = Math.max(-Math.PI / 2, Math.min(Math.PI / 2, this.tilt + tilt));
    this.draw();
  }

  magnify(factor) {
    this.zoom = Math.max(0.5, Math.min(12, this.zoom * factor));
    this.draw();
  }

  nearest(x, y) {
    let [found, closest] = [-1, 12]; // pixels
    for (const [x0, y0, x1, y1, i] of this.placed ?? []) {
      const [dx, dy] = [x1 - x0, y1 - y0];
      const along = Math.max(0, Math.min(1, ((x - x0) * dx + (y - y0) * dy) / (dx * dx + dy * dy || 1)));
      const distance = Math.hypot(x - x0 - along * dx, y - y0 - along * dy);
      if (distance < closest) [found, closest] = [i, distance];
    }
    return found;
  }

  listen() {
    let held = null;
    this.canvas.addEventListener("pointerdown", (event) => {
      held = [event.clientX, event.clientY];
      this.canvas.setPointerCapture(event.pointerId);
    });
    this.canvas.addEventListener("pointermove", (event) => {
      if (held) {
        this.rotate((event.clientX - held[0]) / 120, (event.clientY - held[1]) / 120);
        held = [event.clientX, event.clientY];
        return;
      }
      const segment = this.nearest(event.offsetX, event.offsetY);
      this.hovered.textContent = segment < 0 ? "" : this.tell(segment);
    });
    for (const kind of ["pointerup", "pointercancel"]) this.canvas.addEventListener(kind, () => { held = null; });
    this.canvas.addEventListener("keydown", (event) => {
      const action = {
        ArrowLeft: () => this.rotate(-Math.PI / 12, 0), ArrowRight: () => this.rotate(Math.PI / 12, 0),
        ArrowUp: () => this.rotate(0, -Math.PI / 12), ArrowDown: () => this.rotate(0, Math.PI / 12),
        "+": () => this.magnify(1.25), "=": () => this.magnify(1.25), "-": () => this.magnify(0.8), Home: () => this.reset(),
      }[event.key];
      if (!action) return;
      event.preventDefault();
      event.stopPropagation(); // the trial's arrow keys are others
      action();
    });
    this.holder.addEventListener("click", ({ target }) => {
      if ("turn" in target.dataset && target.matches("button")) this.rotate((Number(target.dataset.turn) * Math.PI) / 180, 0);
      if ("zoom" in target.dataset && target.matches("button")) this.magnify(Number(target.dataset.zoom));
      if ("reset" in target.dataset) this.reset();
    });
  }

  tell(segment) {
    const { segment_region: region, segment_distance_um: distance } = this.tree;
    return `${region[segment]}, ${distance[segment].toFixed(0)} µm from the soma${this.describe(segment)}`;
  }
}

function shortNumber(value) {
  if (value === 0) return "0";
  const size = Math.abs(value);
  const text = size >= 0.001 && size < 100000 ? String(Number(value.toPrecision(3))) : value.toExponential(1);
  return text.replace("-", "−");
}

// Least and largest finite number.
function range(values) {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low <= high ? [low, high] : [0, 1];
}

// Between which all but one number in a hundred lie at either end: a few spikes leave the colours to the rest.
function usualRange(values) {
  const sorted = Float32Array.from(values.filter(Number.isFinite)).sort();
  if (sorted.length === 0) return [0, 1];
  return [0.01, 0.99].map((share) => sorted[Math.round(share * (sorted.length - 1))]);
}

function regionKey(constants, names) {
  return [...new Set(names)].map((name) => {
    const colour = constants.regions[name] ?? "#8b939c";
    return [name, name === "soma" ? themeColour("ink") : legible(colour)];
  });
}

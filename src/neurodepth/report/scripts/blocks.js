"use strict";
// Blocks of numbers: blocks.py says what one holds. Each is unpacked once, when something is first drawn from it.

const TYPED_ARRAYS = {
  int8: Int8Array, uint8: Uint8Array, int16: Int16Array, uint16: Uint16Array, int32: Int32Array, uint32: Uint32Array,
  float32: Float32Array,
};
const unpacked = new Map();

async function inflate(name) {
  const block = document.getElementById(`block-${name}`);
  const packed = Uint8Array.from(atob(block.textContent), (character) => character.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).arrayBuffer();
}

// Arrays and plain values by name. Rows of an array with more dimensions: row(values.NAME, i, j).
function block(name) {
  if (!unpacked.has(name)) unpacked.set(name, inflate(name).then(readBlock));
  return unpacked.get(name);
}

function hasBlock(name) {
  return document.getElementById(`block-${name}`) !== null;
}

function readBlock(buffer) {
  const headerBytes = new DataView(buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, headerBytes)));
  const values = {};
  for (const [name, one] of Object.entries(header)) {
    if ("value" in one) {
      values[name] = one.value;
      continue;
    }
    const length = one.shape.reduce((product, size) => product * size, 1);
    const stored = new TYPED_ARRAYS[one.type](buffer, 4 + headerBytes + one.at, length);
    if (one.summed) for (let i = 1; i < length; i += 1) stored[i] += stored[i - 1];
    const array = "step" in one ? Float32Array.from(stored, (count) => one.offset + one.step * count) : stored;
    values[name] = one.shape.length === 0 ? array[0] : Object.assign(array, { shape: one.shape });
  }
  return values;
}

// Part of an array, its first dimensions fixed.
function row(array, ...indices) {
  const rest = array.shape.slice(indices.length);
  const length = rest.reduce((product, size) => product * size, 1);
  const start = indices.reduce((sum, index, axis) => sum * array.shape[axis] + index, 0) * length;
  return Object.assign(array.subarray(start, start + length), { shape: rest });
}

// The plotting library, admitted by its digest in the page's policy.
let plotting = null;
function loadPlotly() {
  plotting ??= inflate("plotly").then((buffer) => {
    const script = document.createElement("script");
    script.textContent = new TextDecoder().decode(buffer);
    document.head.append(script);
    return window.Plotly;
  });
  return plotting;
}

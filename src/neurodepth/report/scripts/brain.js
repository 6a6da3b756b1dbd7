// What a brain would cost: the estimates of brain_cost.py, again after a reader changes an assumption.

function brainEstimates(value) {
  const other = (1 - value.pyramidal_share) * value.other_multiply_adds_per_ms;
  const perSecond = 2e3 * value.neurons * (value.pyramidal_share * value.multiply_adds_per_ms + other);
  const synaptic = 2 * value.synapses * value.rate;
  const neurons = (value.image_network * value.images) / (1e3 * value.multiply_adds_per_ms);
  return [perSecond, synaptic, value.dettmers, perSecond / synaptic, value.dettmers / perSecond, neurons];
}

function startBrain(part) {
  const inputs = [...part.querySelectorAll("[data-assumption]")];
  part.addEventListener("input", () => {
    const value = Object.fromEntries(inputs.map((one) => [one.dataset.assumption, one.valueAsNumber]));
    brainEstimates(value).forEach((estimate, place) => {
      part.querySelector(`[data-estimate="${place}"]`).textContent =
        Number.isFinite(estimate) ? String(Number(estimate.toPrecision(2))) : "—";
    });
  });
}

// Light and dark: as the system asks, or as the switch says.

const systemDark = matchMedia("(prefers-color-scheme: dark)");
const themeListeners = [];

function isDark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : systemDark.matches;
}

function themeColour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

function rgb(colour) {
  return [1, 3, 5].map((start) => parseInt(colour.slice(start, start + 2), 16));
}

function mixed(from, to, share) {
  const [low, high] = [rgb(from), rgb(to)];
  return `#${low.map((one, i) => Math.round(one + share * (high[i] - one)).toString(16).padStart(2, "0")).join("")}`;
}

function luminance(colour) {
  const [r, g, b] = rgb(colour).map((one) => {
    const share = one / 255;
    return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(one, other) {
  const [high, low] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (high + 0.05) / (low + 0.05);
}

// A colour mixed with white on a dark page, with black on a light one, until it stands out 3 to 1 (WCAG 2.2, 1.4.11).
function legible(colour) {
  const [card, away] = [themeColour("card"), isDark() ? "#ffffff" : "#000000"];
  let share = 0;
  while (contrast(mixed(colour, away, share), card) < 3 && share < 1) share += 0.05;
  return mixed(colour, away, share);
}

function depthColour(constants, depth) {
  const colours = isDark() ? constants.depth_colours_on_dark : constants.depth_colours;
  return colours[(depth - 1) % colours.length];
}

// Of lines without markers.
function depthDash(constants, depth) {
  return movedOn(constants.depth_dashes, depth);
}

// Of markers or dashes, as many as colours, that of a depth: as figures.style.
function movedOn(kinds, depth) {
  return kinds[(depth - 1 + Math.floor((depth - 1) / kinds.length)) % kinds.length];
}

function setTheme(name) {
  if (name) document.documentElement.dataset.theme = name;
  else delete document.documentElement.dataset.theme;
  themeChanged();
}

function themeChanged() {
  document.querySelector("button.theme").setAttribute("aria-pressed", String(isDark()));
  themeListeners.forEach((listener) => listener());
}

function startTheme() {
  document.querySelector("button.theme").addEventListener("click", () => setTheme(isDark() ? "light" : "dark"));
  systemDark.addEventListener("change", themeChanged);
  themeChanged();
}

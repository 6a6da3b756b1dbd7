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

// A colour of the figures for print, mixed with white on a dark page until it stands out 3 to 1 (WCAG 2.2, 1.4.11).
function legible(colour) {
  if (!isDark()) return colour;
  const paper = luminance(themeColour("card"));
  let share = 0;
  while ((luminance(mixed(colour, "#ffffff", share)) + 0.05) / (paper + 0.05) < 3 && share < 1) share += 0.05;
  return mixed(colour, "#ffffff", share);
}

function depthColour(constants, depth) {
  return legible(constants.depth_colours[(depth - 1) % constants.depth_colours.length]);
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

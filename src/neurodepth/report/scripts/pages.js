// Pages by hash, tables that sort, commands to copy, figures for paper; and the start of it all.

const started = new WeakSet();
const PART_STARTERS = { cell: startCell, trial: startPlayer, learned: startLearned, brain: startBrain };

function showPage() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  const page = target?.closest(".page") ?? document.querySelector(".page");
  for (const one of document.querySelectorAll(".page")) one.hidden = one !== page;
  for (const link of document.querySelectorAll("nav.top a")) {
    if (link.hash === `#${page.id}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  document.title = `${page.querySelector("h1").textContent} · neurodepth`;
  if (!started.has(page)) {
    started.add(page);
    startPage(page);
  }
  if (target && target !== page) target.scrollIntoView();
  else scrollTo(0, 0);
  return page;
}

function startPage(page) {
  watchCharts(page);
  for (const part of page.querySelectorAll(".part")) {
    const start = PART_STARTERS[part.dataset.part];
    if (start) whenNear(part, () => enqueue(() => start(part)));
  }
}

function whenNear(element, work) {
  const observer = new IntersectionObserver((entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    observer.disconnect();
    work();
  }, { rootMargin: "300px" });
  observer.observe(element);
}

function startTables() {
  for (const table of document.querySelectorAll("table.sortable")) {
    table.querySelectorAll("thead th").forEach((heading, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...heading.childNodes);
      heading.append(button);
      button.addEventListener("click", () => sortTable(table, heading, column));
    });
  }
}

function sortTable(table, heading, column) {
  const rising = heading.getAttribute("aria-sort") !== "ascending";
  table.querySelectorAll("th[aria-sort]").forEach((one) => one.removeAttribute("aria-sort"));
  heading.setAttribute("aria-sort", rising ? "ascending" : "descending");
  const body = table.tBodies[0];
  const valueOf = (line) => line.cells[column].dataset.value ?? line.cells[column].textContent.trim();
  const lines = [...body.rows].sort((one, other) => {
    const [a, b] = [valueOf(one), valueOf(other)];
    if (!a || !b) return Number(!a) - Number(!b); // what has no value comes last
    return (rising ? 1 : -1) * (Number.isNaN(Number(a)) || Number.isNaN(Number(b)) ? a.localeCompare(b) : Number(a) - Number(b));
  });
  body.append(...lines);
}

function startCopying() {
  document.addEventListener("click", async ({ target }) => {
    if (!(target instanceof HTMLElement) || !("copy" in target.dataset)) return;
    const text = target.parentElement.querySelector("pre");
    getSelection().selectAllChildren(text);
    const label = target.textContent;
    if (navigator.clipboard) await navigator.clipboard.writeText(text.textContent);
    target.textContent = navigator.clipboard ? "Copied" : "Selected";
    setTimeout(() => { target.textContent = label; }, 2000);
  });
}

// On paper the figures for print stand in for the charts of the page shown, and trees have the colours of the light theme.
function startPrinting() {
  addEventListener("beforeprint", () => {
    const chosen = document.documentElement.dataset.theme;
    setTheme("light");
    addEventListener("afterprint", () => setTheme(chosen), { once: true });
    for (const kept of document.querySelectorAll(".page:not([hidden]) noscript")) {
      if (kept.previousElementSibling?.matches(".stays") || kept.nextElementSibling?.matches(".printed")) continue;
      const printed = document.createElement("div");
      printed.className = "printed";
      printed.innerHTML = kept.textContent;
      kept.after(printed);
    }
    const closed = [...document.querySelectorAll(".page:not([hidden]) details:not([open])")];
    closed.forEach((one) => { one.open = true; });
    addEventListener("afterprint", () => closed.forEach((one) => { one.open = false; }), { once: true });
  });
}

document.documentElement.classList.add("scripted");
startTheme();
startTables();
startCopying();
startPrinting();
addEventListener("hashchange", () => showPage().focus({ preventScroll: true }));
showPage();

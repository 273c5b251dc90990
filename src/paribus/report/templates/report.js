"use strict";
(() => {
  const specs = JSON.parse(document.getElementById("specs").textContent);
  const views = [];
  const chosen = {};
  const epochs = {};

  // `ast` makes Vega interpret its expressions: the page's policy forbids evaluating strings.
  const options = { mode: "vega-lite", renderer: "svg", ast: true, actions: false };

  const highlight = ({ view, group }) =>
    view.signal("highlight", [...(chosen[group] ?? [])]).runAsync();

  // To a screen reader a chart is one picture with one description, not hundreds of marks.
  function describe(element) {
    element.setAttribute("role", "img");
    element.querySelector("svg").setAttribute("aria-hidden", "true");
  }

  async function draw(element) {
    if (element.dataset.drawn) return;
    element.dataset.drawn = "started";
    const { figure, panel, group } = element.dataset;
    const spec = { ...specs[figure].panels[panel], datasets: specs[figure].datasets };
    const { view } = await vegaEmbed(element, spec, options);
    describe(element);
    views.push({ view, group, figure });
    if (figure in epochs) view.signal("epoch", epochs[figure]);
    await highlight({ view, group });
    element.dataset.drawn = "done";
  }

  function toggle(button) {
    const { group, series } = button.dataset;
    const set = (chosen[group] ??= new Set());
    if (!set.delete(series)) set.add(series);
    for (const other of document.querySelectorAll(".legend button")) {
      if (other.dataset.group === group) {
        other.setAttribute("aria-pressed", String(set.has(other.dataset.series)));
      }
    }
    views.filter((one) => one.group === group).forEach(highlight);
  }

  for (const button of document.querySelectorAll(".legend button")) {
    button.addEventListener("click", () => toggle(button));
  }

  function move(slider) {
    const epoch = JSON.parse(slider.dataset.epochs)[slider.valueAsNumber];
    epochs[slider.dataset.figure] = epoch;
    slider.setAttribute("aria-valuetext", String(epoch));
    slider.parentElement.querySelector("output").value = String(epoch);
    for (const { view, figure } of views) {
      if (figure === slider.dataset.figure) view.signal("epoch", epoch).runAsync();
    }
  }

  for (const slider of document.querySelectorAll(".slider input")) {
    // A browser that comes back to a page puts sliders where they were left.
    slider.value = slider.max;
    slider.addEventListener("input", () => move(slider));
  }

  // A chart is as wide as its container, and a closed container has no width.
  for (const details of document.querySelectorAll("details")) {
    details.addEventListener("toggle", () => details.querySelectorAll(".chart").forEach(draw));
  }

  const visible = [...document.querySelectorAll(".chart")].filter((one) => !one.closest("details"));
  visible
    .reduce((before, one) => before.then(() => draw(one)), Promise.resolve())
    .then(() => { document.documentElement.dataset.charts = String(visible.length); });
})();

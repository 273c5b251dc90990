"use strict";

// Draws the charts of a page from their specifications; legends and sliders choose what they show.
class Charts {
  // `ast` makes Vega interpret its expressions: the page's policy forbids evaluating strings.
  static OPTIONS = { mode: "vega-lite", renderer: "svg", ast: true, actions: false };

  constructor(specs, options = {}) {
    this.specs = specs;
    this.options = { ...Charts.OPTIONS, ...options };
    this.views = new Map(); // by the element that holds the chart
    this.chosen = {}; // names of series, by group
    this.epochs = {}; // by figure
    this.last = Promise.resolve(); // the drawing that was asked for last
  }

  highlight({ view, group }) {
    return view.signal("highlight", [...(this.chosen[group] ?? [])]).runAsync();
  }

  // To a screen reader a chart is one picture with one description, not hundreds of marks.
  static describe(element) {
    element.setAttribute("role", "img");
    element.querySelector("svg").setAttribute("aria-hidden", "true");
  }

  // One after the other: two drawings of one chart would be in each other's way.
  draw(element) {
    this.last = this.last
      .then(() => this.embed(element))
      .catch((error) => {
        if (element.dataset.drawn) element.dataset.drawn = "failed"; // the others are drawn
        console.error(error);
      });
    return this.last;
  }

  async embed(element) {
    if (element.dataset.drawn || !element.isConnected || element.closest("details:not([open])")) return;
    element.dataset.drawn = "started";
    this.forget(element);
    const { figure, panel, group } = element.dataset;
    const spec = { ...this.specs[figure].panels[panel], datasets: this.specs[figure].datasets };
    const { view, finalize } = await vegaEmbed(element, spec, this.options);
    Charts.describe(element);
    this.views.set(element, { view, finalize, group, figure });
    if (figure in this.epochs && Charts.hasSlider(figure)) view.signal("epoch", this.epochs[figure]);
    await this.highlight({ view, group });
    // Without the mark it has got another specification meanwhile, and is drawn again.
    if (element.dataset.drawn) element.dataset.drawn = "done";
  }

  // A view that is not finalised listens to the window for ever.
  forget(element) {
    this.views.get(element)?.finalize();
    this.views.delete(element);
  }

  static hasSlider(figure) {
    return document.querySelector(`.slider input[data-figure="${CSS.escape(figure)}"]`) !== null;
  }

  // Gives how many there are. Those in closed folds wait until they are opened.
  async drawAll(root) {
    const visible = [...root.querySelectorAll(".chart")].filter((one) => !one.closest("details"));
    for (const element of visible) await this.draw(element);
    for (const element of this.views.keys()) if (!element.isConnected) this.forget(element);
    return visible.length;
  }

  toggle(button) {
    const { group, series } = button.dataset;
    const set = (this.chosen[group] ??= new Set());
    if (!set.delete(series)) set.add(series);
    this.press(document);
    for (const one of this.views.values()) if (one.group === group) this.highlight(one);
  }

  press(root) {
    for (const button of root.querySelectorAll(".legend button")) {
      const { group, series } = button.dataset;
      button.setAttribute("aria-pressed", String(this.chosen[group]?.has(series) ?? false));
    }
  }

  move(slider) {
    const { figure } = slider.dataset;
    const epoch = JSON.parse(slider.dataset.epochs)[slider.valueAsNumber];
    this.epochs[figure] = epoch;
    Charts.tell(slider, epoch);
    for (const one of this.views.values()) {
      if (one.figure === figure) one.view.signal("epoch", epoch).runAsync();
    }
  }

  static tell(slider, epoch) {
    slider.setAttribute("aria-valuetext", String(epoch));
    slider.parentElement.querySelector("output").value = String(epoch);
  }

  // A browser that comes back to a page puts sliders where they were left.
  place(slider) {
    const epochs = JSON.parse(slider.dataset.epochs);
    const { figure } = slider.dataset;
    const at = epochs.indexOf(this.epochs[figure]);
    if (at < 0) delete this.epochs[figure]; // it came from an address, and is no epoch of this figure
    slider.value = at < 0 ? slider.max : at;
    Charts.tell(slider, epochs[slider.valueAsNumber]);
  }

  bind(root) {
    for (const button of root.querySelectorAll(".legend button")) {
      button.addEventListener("click", () => this.toggle(button));
    }
    for (const slider of root.querySelectorAll(".slider input")) {
      this.place(slider);
      slider.addEventListener("input", () => this.move(slider));
    }
    // A chart is as wide as its container, and a closed container has no width.
    for (const details of root.querySelectorAll("details")) {
      details.addEventListener("toggle", () => {
        for (const element of details.querySelectorAll(".chart")) this.draw(element);
      });
    }
  }
}

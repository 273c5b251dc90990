
// A page that follows its lab: how far studies are, and their figures when something has changed.
(() => {
  const { page, events, charts: source } = document.body.dataset;
  const byId = (id) => document.getElementById(id);
  const parsed = (html) => new DOMParser().parseFromString(html, "text/html").body;
  const EPOCH = "epoch-";

  function say(trouble) {
    const notice = byId("trouble");
    if (!notice) return;
    notice.textContent = trouble;
    notice.hidden = !trouble;
  }

  function follow(tell) {
    const stream = new EventSource(events);
    stream.addEventListener("message", ({ data }) => tell(JSON.parse(data)));
    stream.addEventListener("open", () => { byId("connection").textContent = ""; });
    stream.addEventListener("error", () => {
      byId("connection").textContent = "The page is not answered any more; what it shows is from before. Is paribus ui still running?";
    });
    addEventListener("pagehide", () => stream.close());
    addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
  }

  function followLab({ rows, gone, trouble }) {
    say(trouble);
    for (const [id, html] of Object.entries(rows)) {
      const row = parsed(html).firstElementChild;
      const known = byId(id);
      // A line that somebody stands on stays, or the keyboard would lose its place.
      if (known) row.querySelector("a").replaceWith(known.querySelector("a"));
      if (known) known.replaceWith(row);
      else byId("studies").append(row);
      byId("nothing")?.remove();
    }
    if (!trouble) gone.forEach((id) => byId(id)?.remove());
  }

  // ---- One study ----

  let drawn;
  let shown = document.body.dataset.version;
  let wanted = shown;
  let busy = false;

  const epochsOf = (query) =>
    Object.fromEntries(
      [...new URLSearchParams(query)]
        .filter(([name]) => name.startsWith(EPOCH))
        .map(([name, value]) => [name.slice(EPOCH.length), Number(value)]),
    );

  function keep() {
    const query = new URLSearchParams(location.search);
    for (const [figure, epoch] of Object.entries(drawn.epochs)) query.set(EPOCH + figure, epoch);
    history.replaceState(null, "", `?${query}${location.hash}`);
    savePictures();
  }

  // A picture that is saved shows the epoch at which the slider stands.
  function savePictures() {
    for (const link of document.querySelectorAll("a[data-picture]")) {
      const address = new URL(link.href);
      const epoch = drawn.epochs[link.dataset.picture];
      if (epoch !== undefined) address.searchParams.set("epoch", epoch);
      link.href = address;
    }
  }

  async function draw() {
    const count = await drawn.drawAll(document);
    document.documentElement.dataset.charts = String(count);
  }

  const chartKey = ({ dataset }) => `${dataset.figure} ${dataset.panel}`;

  // Charts that have not changed keep their pictures; the others stand until they are drawn anew.
  function keepCharts(next, specs) {
    const before = new Map([...document.querySelectorAll(".chart")].map((one) => [chartKey(one), one]));
    for (const chart of next.querySelectorAll(".chart")) {
      const old = before.get(chartKey(chart));
      if (!old) continue;
      const { figure } = chart.dataset;
      if (JSON.stringify(specs[figure]) !== JSON.stringify(drawn.specs[figure])) delete old.dataset.drawn;
      chart.replaceWith(old);
    }
  }

  function keepFolds(next) {
    const open = new Set([...document.querySelectorAll("details[open]")].map(foldKey));
    for (const fold of next.querySelectorAll("details")) {
      if (open.has(foldKey(fold))) fold.open = true;
    }
  }

  const foldKey = (fold) => fold.querySelector("summary").textContent;

  async function refresh() {
    const [html, specs] = await Promise.all([
      fetch(location.href, { headers: { Accept: "text/html" } }).then((one) => one.text()),
      fetch(source + location.search).then((one) => (one.ok ? one.json() : {})),
    ]);
    const next = new DOMParser().parseFromString(html, "text/html");
    if (!next.body.dataset.version) return say(next.querySelector(".notice")?.textContent ?? "");
    const focus = focusKey(document.activeElement);
    const scrolled = scrollY;
    keepForm(next);
    keepFolds(next);
    keepCharts(next, specs);
    drawn.specs = specs;
    document.querySelector("main").replaceWith(next.querySelector("main"));
    shown = next.body.dataset.version;
    document.body.dataset.version = shown;
    drawn.bind(document);
    drawn.press(document);
    savePictures();
    listen();
    focusOn(focus);
    scrollTo(scrollX, scrolled);
    await draw();
  }

  // What somebody has ticked, and not yet asked for, stays.
  function keepForm(next) {
    const before = byId("view");
    const after = next.getElementById("view");
    if (!before || !after) return;
    after.elements.metric.value = before.elements.metric.value;
    const ticked = new Map([...before.querySelectorAll("input")].map((one) => [one.name + one.value, one.checked]));
    for (const one of after.querySelectorAll("input")) {
      one.checked = ticked.get(one.name + one.value) ?? one.checked;
    }
  }

  const FOCUSABLE = "a, button, input, select, summary, [tabindex]";
  const focusKey = (element) => [...document.querySelectorAll(`main :is(${FOCUSABLE})`)].indexOf(element);
  function focusOn(place) {
    if (place >= 0) document.querySelectorAll(`main :is(${FOCUSABLE})`)[place]?.focus({ preventScroll: true });
  }

  async function catchUp() {
    // A page that nobody looks at is not worth the server's time; it catches up when it is shown.
    if (busy || wanted === shown || document.hidden) return;
    busy = true;
    try {
      const asked = wanted;
      await refresh();
      if (wanted === asked) wanted = shown;
    } catch {
      // The stream of events says when the page is answered again.
    } finally {
      busy = false;
    }
  }

  function followStudy({ trouble, status, version }) {
    if (trouble !== undefined) say(trouble);
    if (status !== undefined) byId("status").replaceChildren(...parsed(status).childNodes);
    if (version !== undefined) wanted = version;
    catchUp();
  }

  function listen() {
    for (const slider of document.querySelectorAll(".slider input")) {
      slider.addEventListener("change", keep);
    }
    byId("view")?.addEventListener("formdata", ({ formData }) => {
      for (const [figure, epoch] of Object.entries(drawn.epochs)) formData.set(EPOCH + figure, epoch);
    });
  }

  async function showStudy() {
    const specs = await fetch(source + location.search).then((one) => (one.ok ? one.json() : {}));
    // Its usual styles are markup that the page's policy forbids; ours are in the style sheets.
    drawn = new Charts(specs, { defaultStyle: false, tooltip: { disableDefaultStyle: true } });
    drawn.epochs = epochsOf(location.search);
    drawn.bind(document);
    savePictures();
    listen();
    await draw();
    follow(followStudy);
    document.addEventListener("visibilitychange", catchUp);
  }

  if (page === "study") showStudy();
  else follow(followLab);
})();
